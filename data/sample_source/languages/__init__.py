"""Languages of the named-entity sample, one module each."""

from . import ar, de, el, en, es, fr, hi, ru, tr, zh

LANGUAGES = (ar, de, el, en, es, fr, hi, ru, tr, zh)
