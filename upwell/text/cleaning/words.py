"""The words of the report, in English and Chinese."""

from __future__ import annotations

from upwell.errors import UserError

LANGUAGES = ("en", "zh")

_WORDS: dict[str, tuple[str, str]] = {
    "title": ("What is in this text", "这份文本里有什么"),
    "subtitle": (
        "From {sources}: {documents_out} of {documents_in} documents stayed, {bytes_out} of {bytes_in} MB.",
        "来自 {sources}：{documents_in} 篇文档中留下 {documents_out} 篇，{bytes_in} MB 中留下 {bytes_out} MB。",
    ),
    "steps": ("Steps", "步骤"),
    "steps note": (
        "In their order: what came to each step, what it took out or changed, and what it found.",
        "按先后次序：每一步收到多少、去掉或改动多少、发现了什么。",
    ),
    "step": ("step", "步骤"),
    "documents in": ("documents", "文档"),
    "removed short": ("removed", "去掉"),
    "changed": ("changed", "改动"),
    "MB in": ("MB in", "输入 MB"),
    "MB out": ("MB out", "输出 MB"),
    "found": ("found", "发现"),
    "removed": ("Examples of what went or changed", "去掉和改动的例子"),
    "removed note": (
        "The first ones of each kind. A changed text is shown around its first change, before and after.",
        "每一类最先遇到的几个。改动过的文本显示首处改动的前后。",
    ),
    "changed by": ("changed", "改动"),
    "copy of": ("copy of", "重复自"),
    "lengths": ("Lengths", "长度"),
    "lengths note": (
        "Documents by size; a quarter has at most {0}, half at most {1}, three quarters at most {2}.",
        "按大小统计的文档数；四分之一不超过 {0}，一半不超过 {1}，四分之三不超过 {2}。",
    ),
    "languages": ("Languages", "语言"),
    "languages note": ("By bytes, with the number of documents.", "按字节排列，附文档数。"),
    "ngrams": ("Most frequent words and phrases", "最常见的词和短语"),
    "ngrams note": (
        "In an even sample of the training part, in lower case. What should not be there often shows here first.",
        "取自训练部分的均匀抽样，字母一律小写。不该出现的东西往往先在这里露面。",
    ),
    "ngrams 1": ("words", "词"),
    "ngrams 2": ("pairs", "二元组"),
    "ngrams 3": ("triples", "三元组"),
    "phrase": ("phrase", "短语"),
    "times": ("times", "次数"),
    "tokenizer": ("Tokenizer", "分词器"),
    "tokenizer note": (
        "Fertility: tokens a word, a Han character being one. Spelled: share of the bytes in tokens of a single byte.",
        "每词词元数：一个汉字算一词。逐字节拼写：落在单字节词元里的字节占比。",
    ),
    "kind": ("kind", "种类"),
    "vocabulary": ("vocabulary", "词表"),
    "bytes per token": ("bytes a token", "每词元字节"),
    "fertility": ("tokens a word", "每词词元数"),
    "spelled": ("spelled", "逐字节拼写"),
    "failures": ("not restored", "未能还原"),
    "tokens": ("Tokens", "词元"),
    "part": ("part", "部分"),
    "documents": ("documents", "文档"),
    "bytes": ("bytes", "字节"),
    "words": ("words", "词"),
    "token": ("tokens", "词元"),
    "train": ("training", "训练"),
    "valid": ("validation", "验证"),
    "plan": ("What could be trained on it", "可以用它训练什么"),
    "plan note": (
        "An estimate from this machine's measured matmul peak at 40% of it; upwell plan measures a training step.",
        "按本机实测矩阵乘峰值的 40% 估计；upwell plan 会实测一步训练。",
    ),
    "minutes": ("minutes", "分钟"),
    "size": ("non-embedding parameters", "非嵌入参数"),
    "training tokens": ("training tokens", "训练词元"),
    "epochs": ("epochs", "遍数"),
    "speed": ("Speed", "速度"),
    "speed note": (
        "Of each step on one process; the whole ran on {0}. Times of a run that was interrupted are those of its parts.",
        "各步为单进程速度；整体用了 {0} 个进程。中断过的运行按各部分计时。",
    ),
    "seconds": ("seconds", "秒"),
    "all": ("all of it, this sitting", "本次整体"),
    "step read": ("read", "读取"),
    "step repair": ("repair", "修复编码"),
    "step markup": ("markup", "去标记"),
    "step normalise": ("normalise", "规范化"),
    "step language": ("language", "语言"),
    "step private": ("private data", "隐私数据"),
    "step lines": ("lines", "逐行规则"),
    "step quality": ("quality", "质量规则"),
    "step annotate": ("columns", "标注"),
    "step sketch": ("sketches", "文档摘要"),
    "step duplicates": ("duplicates", "去重"),
    "step groups": ("groups of copies", "重复分组"),
    "count words": ("words", "词"),
    "count sentences": ("sentences", "句子"),
    "count without stems": ("without stems", "没有词干"),
    "count without lemmas": ("without lemmas", "没有原形"),
    "count without tags": ("without tags", "没有词性"),
    "count lines": ("lines", "行"),
    "count email": ("email", "邮箱"),
    "count phone": ("phone", "电话"),
    "count key": ("key", "密钥"),
    "count ip": ("ip", "IP 地址"),
    "count id": ("id", "身份证号"),
    "count card": ("card", "银行卡号"),
    "count damaged rows": ("damaged rows", "损坏的行"),
    "count files without text": ("files without text", "没有文本的文件"),
    "count files that break off": ("files that break off", "中断的文件"),
    "nothing but markup": ("nothing but markup", "除标记外没有内容"),
    "nothing visible": ("nothing visible", "没有可见内容"),
    "no words": ("no words", "没有词"),
    "fewer than 50 words": ("fewer than 50 words", "不足 50 个词"),
    "unreadable characters": ("unreadable characters", "无法辨认的字符过多"),
    "length of words": ("length of words", "词长异常"),
    "symbols": ("symbols", "符号过多"),
    "words without letters": ("words without letters", "不含字母的词过多"),
    "no stop words": ("no stop words", "缺少常用词"),
    "bullets": ("bullets", "项目符号过多"),
    "lines that trail off": ("lines that trail off", "以省略号结尾的行过多"),
    "repeated lines": ("repeated lines", "重复的行"),
    "repeated paragraphs": ("repeated paragraphs", "重复的段落"),
    "one phrase again and again": ("one phrase again and again", "同一短语反复出现"),
    "repeated phrases": ("repeated phrases", "重复的短语"),
    "no line of running text": ("no line of running text", "没有成句的行"),
    "equal to another": ("equal to another", "与另一篇相同"),
    "near copy of another": ("near copy of another", "与另一篇近乎相同"),
}


def words(language: str) -> dict[str, str]:
    """All words in `language`; a UserError where there are none."""
    if language not in LANGUAGES:
        raise UserError(f"unknown --language {language!r}: choose one of {', '.join(LANGUAGES)}")
    return {name: both[LANGUAGES.index(language)] for name, both in _WORDS.items()}


def step_words(name: str, w: dict[str, str]) -> str:
    """What a step is called."""
    return w[f"step {name}"]
