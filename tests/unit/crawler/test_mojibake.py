"""Alphabets that tags do not name: what is sure is read as it was meant, and nothing else is touched."""

import pytest

from crawler.file.mojibake import as_it_was_meant

_CYRILLIC = (
    "Кино|Группа крови", "Земфира|Искала", "ДДТ|Что такое осень", "Сплин|Выхода нет", "Ленинград|WWW", "Любэ|Комбат",
    "Алиса|Трасса Е-95", "Океан Ельзи|Обійми", "Бутусов|Песня идущего домой", "Аквариум|Город золотой",
    "Пикник|Иероглиф",
    "Чиж & Co|Вечная молодость", "Щербаков|Ёжик в тумане (live)", "БИ-2|Варвара", "Мумий Тролль|Владивосток 2000",
)  # fmt: skip
_JAPANESE = (
    "宇多田ヒカル|First Love ラブ", "スピッツ|ロビンソン", "中島みゆき|地上の星のうた",
    "サザンオールスターズ|いとしのエリー",
    "坂本九|上を向いて歩こう", "きゃりーぱみゅぱみゅ|つけまつける", "くるり|ばらの花",
)  # fmt: skip
_CHINESE = (
    "周杰伦|青花瓷|我很忙", "邓丽君|月亮代表我的心", "王菲|红豆|唱游", "陈奕迅|十年", "崔健|一无所有|新长征路上的摇滚",
    "朴树|平凡之路|猎户星座", "许巍|蓝莲花|时光漫步",
)  # fmt: skip
_WESTERN = (
    "Sigur Rós|Ágætis byrjun|Svefn-g-englar", "Motörhead|Ace of Spades", "Björk|Jóga",
    "Édith Piaf|Non, je ne regrette rien",
    "Mägo de Oz|Fiesta pagana", "Blue Öyster Cult|(Don't Fear) The Reaper", "Hüsker Dü|Zen Arcade",
    "Die Ärzte|Westerland",
    "ÄÖÜ|äöüß", "Beyoncé|Déjà Vu", "Céline Dion|L'amour existe encore", "Röyksopp|Sparks", "Mötley Crüe|Girls",
    "Caetano Veloso|Coração vagabundo", "Zoé|Soñé", "Ñengo Flow|Ñ", "José González|Heartbeats",
    "Amadou & Mariam|Sénégal",
    "Þursaflokkurinn|Ætti ég", "Ólafur Arnalds|Þú ert jörðin", "Günther|Ding Dong", "Trentemøller|Ævintýr",
    "Aqua|Ålborg",
    "Café Tacvba|Eres", "François Hardy|Où va la chance", "Lætitia|ÉTÉ", "Wir sind Helden|Müssen nur wollen", "Åsa|Öö",
    "Noël|Là-bas à Noël", "À|Ê", "MØ|Don\x92t Leave", "Sólstafir|ÓTTA",
)  # fmt: skip


@pytest.mark.parametrize(
    ("names", "encoding"),
    [(name, "cp1251") for name in _CYRILLIC]
    + [(name, "cp932") for name in _JAPANESE]
    + [(name, "gb18030") for name in _CHINESE]
    + [(name, "utf-8") for name in (*_CYRILLIC, *_JAPANESE, *_CHINESE, *_WESTERN)],
)
def test_what_surely_is_another_alphabet_is_read_in_it(names: str, encoding: str) -> None:
    texts = names.split("|")
    assert as_it_was_meant([text.encode(encoding) for text in texts]) == texts


@pytest.mark.parametrize("names", _WESTERN)
def test_western_names_are_left_as_they_are(names: str) -> None:
    texts = names.split("|")
    raw = [text.encode("latin-1") for text in texts]
    assert as_it_was_meant(raw) == [each.decode("cp1252") for each in raw]


@pytest.mark.parametrize("names", ["이문세|붉은 노을", "조용필|단발머리", "김광석|서른 즈음에", "아이유|좋은 날"])
def test_korean_which_may_be_chinese_is_not_read_as_chinese(names: str) -> None:
    raw = [text.encode("euc-kr") for text in names.split("|")]
    assert as_it_was_meant(raw) == [each.decode("cp1252", "replace") for each in raw]
