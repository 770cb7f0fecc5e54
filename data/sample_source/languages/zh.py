"""Chinese name parts, word lists and templates of the sample (a token is one character)."""

LANG = "zh"
BY_CHARACTER = True

PARTS = """
given = 志强 志明 志华 志国 建国 建华 建明 建平 晓明 晓东 晓华 文博 文静 文华 子涵 子轩 子强
 天宇 天明 天佑 国强 国庆 国平 海燕 海平 海涛 玉兰 玉华 玉梅 永康 永福 永强 家豪 家辉 家明
 思远 思敏 思佳 伟 芳 敏 静 强 磊 勇 军 杰 涛 平 华 明
sur = 王 李 张 刘 陈 杨 赵 黄 周 吴 徐 孙 胡 朱 郭 何 罗 郑 梁 谢 宋 唐 许 邓 冯 韩 曹 曾 彭 萧
 蔡 潘 田 董 袁 于 余 叶 蒋 杜 苏 魏 程 吕 丁 沈 任 姚 卢 傅 钟 姜 崔 谭 廖 范 汪 陆 金 石 戴 贾
 韦 夏 邱 方 欧阳 司马 诸葛 上官
any = 东方 长安 长乐 永安 太平 新华 南山 北海 青云 金山 龙泉 安康 凤凰 平安 白云 红星 和平 光明
 建业 泰山 天元 清河
stem = 柳林 柳河 柳桥 柳溪 桃源 桃林 桃溪 松江 松林 松山 松源 梅岭 梅溪 梅山 竹溪 竹山 竹林
 石桥 石门 石岭 石山 沙湾 沙河 沙洲 银川 银山 银洲 银溪 白沙 白河 白桥 白洲 黑河 黑山 黑门
 古田 古桥 古门 古川 临江 临河 临川 临湾 宁海 宁江 宁川 武安 武川 武江 云梦 云山 云岭 云川
 双桥 双江 双湾 双岭
brand = 恒达 恒信 恒丰 恒源 华信 华达 华源 华丰 瑞丰 瑞达 瑞祥 盛世 盛达 盛源 盛丰 金鼎 金达
 金信 金源 海纳 海润 海达 海信 天行 天成 天达 天信 云帆 云达 云通 云信 万和 万家 万通 万达
 百川 百灵 百达 百信 通达 通源 通信 国泰 国信 国丰 星河 星辰 星达
"""

WORDS = """
full = 9*{sur}{given}|{sur}{any}
PER = {full}
PERX = {full}
place = 8*{stem}{suf}|{stem}|{any}{suf}
suf = 市|县|镇|村|区
LOC = 8*{place}|新{stem}|{any}路|{stem}河|{stem}湖|{any}山|{stem}岛|{stem}{suf}{any}路
LOCX = 4*{stem}{suf}|{stem}河|{stem}湖|{any}山|{stem}岛
legal = 公司|集团|有限公司|股份公司|控股
ORG = 2*{brand}|5*{brand} {legal}|2*{any}{legal}|{stem}大学|{any}大学|{field}部|{stem}银行
 |{any}银行
 |{brand}(保险|出版社|航空|汽车|科技)|{stem}{suf}政府|{stem}医院|{stem}博物馆|{sur}氏{legal}
ORGX = 3*{brand}{legal}|{any}{legal}|{stem}大学|{field}部|{stem}银行
field = 财政|卫生|教育|国防|交通|司法|农业|劳动|文化
ORGT = 6*{stem}{club}|{brand}{club}|{stem}|{any}
club = 队|足球俱乐部|联队
day = 周一|周二|周三|周四|周五|周六|周日
month = 一月|三月|四月|五月|六月|八月|十一月
time = 昨天|{day}|上周|今天早上|{month}|{year}年|两天前
opener = 据报道，|第一次|与此同时，|{time}，|经过长时间讨论，
title = 总统|教授|医生|法官|队长|部长
role = 经理|主席|发言人|律师|创始人|董事长
artist = 画家|诗人|作曲家|演员|作家
said = 说|表示|宣布|证实|解释说|认为
clause = 计划会推迟|谈判失败了|成本正在上升|没有人受伤|新桥很安全|需要更多工作
adj = 新的|旧的|小|大|著名的|安静的
thing = 学校|工厂|图书馆|酒店|车站|市场|剧院
crowd = 工人|学生|游客|农民|邻居|记者
bought = 收购了|起诉了|超过了|卖掉了
goods = 发动机|家具|药品|自行车|照相机|机器
"""

FORMS = {}

TEMPLATES = """
[{opener}]{PER}{said}{clause}。
[{opener}]{ORG}{role}{PERX}{said}，{clause}。
{title}{PER}{time}(访问了|离开了|到达了|回到){LOC}。
{PER}[{year}年]出生于{LOC}[，在{LOC}长大]。
{ORG}{role}{PER}{time}(辞职了|当选了|被解雇了)。
{ORG}{time}{bought}{ORG}[，价格为{num}亿元]。
{ORG}在{LOC}(开设了|关闭了|计划建)一座{adj}{thing}。
{ORG}的股票{time}(上涨|下跌)了百分之{small}。
[{opener}]生产{goods}的{ORG}在{LOC}招聘了{num}人。
{ORGT}{time}以{score}(战胜|负于|逼平)了{ORGT}。
{PER}为{ORGT}打进{small}球[，对手是{ORGT}]。
教练{PER}在{small}年后离开了{ORGT}。
{ORGT}[在{LOC}]赢得了奖杯，{PER}非常高兴。
{LOC}的{adj}{thing}{time}(关闭了|开放了|重建了)。
[{opener}]{crowd}们在{LOC}(抗议|庆祝|等待)。
从{LOC}到{LOC}的路长{num}公里。
{LOC}是{LOC}附近的一个{adj}(城市|村子|小镇)。
{LOC}、{LOC}和{LOC}预计有(大雨|大雪)。
{artist}{PERX}在{LOC}(生活过|工作过|去世了)。
{PERX}（{year}年生于{LOC}）是一位{artist}。
{PER}和{PER}{time}在{LOC}见面。
“{clause}，”{PER}{said}[，他是{ORG}的{role}]。
他{year}年(加入了|离开了){ORG}[，担任{role}]。
她在{ORG}学习(法律|历史|物理)，后来为{ORG}工作。
{PER}{year}年与{PER}结婚。
{PER}真的离开了{ORG}吗？
(火车|河流|公路)经过{LOC}[和{LOC}]，然后到海边。
{LOC}有一座以{PER}命名的{thing}。
{ORG}与{ORG}{time}[在{LOC}]签署了协议。
法院要求{ORG}支付{num}万元[给{PER}]。
[{opener}]{crowd}们希望有一座{adj}{thing}。
价格{time}(上涨|下跌)了百分之{small}。
许多{crowd}{time}买了{goods}。
谁来为{adj}{thing}付钱？
东方的天空很光明，{crowd}们在{thing}前等着。
大家都希望和平与平安，{crowd}们说。
{PERX}
{LOCX}
{ORGX}
{PERX}（{artist}）
{LOCX}，{LOCX}
{ORGX}（{LOCX}）
{LOC}的{crowd}名单
{PERX}、{PERX}和{PERX}
"""
