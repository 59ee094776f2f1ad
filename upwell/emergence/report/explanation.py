"""What the verdicts mean and do not mean, in plain words."""

from __future__ import annotations

_ENGLISH = """\
A ladder is one kind of model in several sizes, each trained several times on one ability with the same data, steps and
recipe. Two scores come from the same answers. Exact match counts an answer only if all of it is right. The continuous
score says how probable the right answer was, so it also shows progress below the point where answers become right.

smooth          The continuous score rises over so wide a range of sizes that a jump within half a factor of ten is excluded,
                and a smooth curve describes it as well as a sharp one, or the rise takes more than a factor of ten.
                It does not mean that exact match must look smooth.
metric-induced  Exact match jumps, the continuous score does not, and the probabilities of single tokens account for the
                exact match. The jump is in how we count, not in the model ("mirage", Schaeffer et al. 2023).
                It does not mean that the ability is not there.
sharp           The continuous score itself rises within less than a factor of ten in size, from near its floor; both
                information criteria and a bootstrap test corrected for the number of tests say so.
                It does not mean that the rise could not be foreseen: the forecast table says whether it could.
seed lottery    Between the sizes without and with the ability some runs have it and others do not, with little between.
                What grows with size is the chance of success; the curve of one run would show a jump of its own place.
undetermined    None of these could be shown: too few sizes or seeds, never reached, solved by all sizes, or a width whose
                interval is too wide. It does not mean that nothing happens.

No verdict says what larger models, other data or longer training would do. "Not reached" means not within this budget.
A verdict needs three seeds and five sizes at least. On simulated ladders of six or eight sizes rises within half a factor
of ten were all recognised, and at most one smooth curve in a hundred was called sharp; about half of the smooth ones were
called smooth, the others undetermined (docs/results/emergence_calibration.json)."""

_CHINESE = """\
阶梯是同一种模型的若干规模，每种规模以相同的数据、步数和方法、不同的种子训练数次，只学一种能力。两种分数来自同一批回答：
精确匹配要求整个答案全对才算；连续分数是正确答案的概率有多大，因此在答对之前也能看到进步。

平滑        连续分数在很宽的规模范围内上升，可以排除半个数量级以内的跃升，并且平滑曲线与陡峭曲线一样能描述它，
            或者上升跨越一个数量级以上。这不意味着精确匹配也必须显得平滑。
度量所致    精确匹配跃升，连续分数没有，而单个词元的概率足以解释精确匹配。跃升在于计分方式，不在模型
            （“海市蜃楼”，Schaeffer 等 2023）。这不意味着能力不存在。
陡峭        连续分数本身从接近底部起，在不到一个数量级的规模内上升；两种信息准则和经多重检验校正的自助法检验都支持。
            这不意味着无法预见：能否预见见预测表。
种子抽签    在不具备与具备能力的规模之间，有的训练学会，有的没有，中间很少。随规模增长的是成功的机会；
            单次训练的曲线会在各自的位置跃升。
未定        以上都无法证明：规模或种子太少、从未达到、所有规模都已学会，或宽度的区间太宽。这不意味着什么都没有发生。

任何判定都不说明更大的模型、别的数据或更长的训练会怎样。“未达到”指在此预算内未达到。作判定至少要三个种子和五种规模。
在六种或八种规模的模拟阶梯上，半个数量级以内的上升全部被认出，平滑曲线被称为陡峭的至多百分之一；平滑曲线约有一半被判为平滑，
其余为未定（docs/results/emergence_calibration.json）。"""


def explanation(language: str) -> str:
    """The explanation in `language`, en or zh."""
    return _CHINESE if language == "zh" else _ENGLISH
