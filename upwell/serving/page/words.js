// Every text of the page, in both languages. `say` fills {names}.

const WORDS = {
  en: {
    skip: "Skip to the content", model: "Model", parts: "Parts of the page", problem: "The server said: {what}",
    unreachable: "The server cannot be reached.", lost: "The connection to the server broke off.", write: "Write", chat: "Chat", tasks: "Tasks", run: "Training",
    prompt: "Text to go on from", promptHint: "Leave it empty for a text of the model's own", options: "Options",
    maxTokens: "Most tokens", temperature: "Temperature", topP: "Top-p", seed: "Seed", anySeed: "any",
    stopText: "Stop before", stop: "Stop", written: "Written", writing: "Writing …",
    done: "{tokens} tokens, {speed} a second; {reason}", stopReason: "the model or the stop text ended it",
    lengthReason: "cut at the most tokens", stoppedReason: "stopped by you", lostReason: "broken off", legend: "Probability of a token",
    writtenHelp: "Point at a token, or use the arrow keys, to see how sure the model was.",
    drawn: "“{token}” had {share}", instead: "The likeliest in its place", token: "Token", probability: "Probability",
    chatNote: "The model was not taught to answer. It reads each turn as a line and goes on in the manner of what it read.",
    conversation: "Conversation", message: "Your line", send: "Send", anew: "Begin anew", you: "You",
    noTasks: "This run learned no tasks. The default run of upwell train does.",
    translate: "Translate", answer: "Answer", classify: "Classify", summarize: "Summarize", working: "Working …",
    sentence: "A sentence or a word, in English or Chinese", sentenceHint: "Anna has a red ball.", text: "Text",
    storyHint: "Tom and Anna went to the park. Tom ran to the house.", question: "Question", questionHint: "Where was Anna?",
    moodHint: "Tom lost his ball. Anna found it. Tom was happy.", person: "Person, for their mood (else the topic)",
    personHint: "Tom", because: "Because: {reason}", nothing: "(nothing)", curve: "Training curve",
    scorecard: "Scorecard", card: "Model card", noScorecard: "This run has no scorecard.",
    noCard: "The card comes with the end of the training.", noCurve: "This run has no record of its training.",
    curveState: "Step {step}: {loss} nats per token in validation, {bits} bits per byte. {state}",
    curveTraining: "Step {step}. {state}", growing: "Still training; the curve follows.", finished: "The training is finished.",
    curveTitle: "Loss by step: training falls from {first} to {last} nats per token", step: "Step",
    lossAxis: "nats per token", trainingLine: "training", validationLine: "validation", task: "Task", metric: "Metric",
    value: "Value", interval: "95% interval", chance: "Chance", baseline: "Best baseline", oracle: "Oracle",
    sure: "Right with a probability of {share}, it holds.", tag: "Tag", taggedSentence: "A sentence", tagHint: "The cat sat on the mat.", label: "Label", report: "Report on emergence",
    lossAxisReader: "nats", curveTitleReader: "Loss by step: training falls from {first} to {last} nats",
    curveReader: "Step {step}: {loss} nats in validation. {state}",
    api: "HTTP API", keyTitle: "This server asks for a key", key: "Key", enter: "Enter", page: "The page",
    apiNote: "For clients of OpenAI's API the address is {address}. The schema for programs:",
    needed: "needed", parameter: "Parameter", kind: "Kind", meaning: "Meaning",
  },
  zh: {
    skip: "跳到内容", model: "模型", parts: "页面的各部分", problem: "服务器说：{what}",
    unreachable: "连不上服务器。", lost: "与服务器的连接断了。", write: "写作", chat: "对话", tasks: "任务", run: "训练",
    prompt: "从这段文字写下去", promptHint: "留空则由模型自己开头", options: "选项",
    maxTokens: "最多词元", temperature: "温度", topP: "Top-p", seed: "种子", anySeed: "任意",
    stopText: "遇到即停", stop: "停止", written: "写出的文字", writing: "正在写……",
    done: "{tokens} 个词元，每秒 {speed} 个；{reason}", stopReason: "由模型或停止文字结束",
    lengthReason: "到词元上限而止", stoppedReason: "被你停止", lostReason: "中断", legend: "词元的概率",
    writtenHelp: "指向一个词元，或用方向键移动，就能看到模型有多确定。",
    drawn: "“{token}”的概率是 {share}", instead: "此处最可能的词元", token: "词元", probability: "概率",
    chatNote: "模型没有学过回答。它把每一轮当作一行来读，照读过的文字的样子写下去。",
    conversation: "对话", message: "你的话", send: "发送", anew: "重新开始", you: "你",
    noTasks: "这个模型没有学过任务。upwell train 的默认训练会学。",
    translate: "翻译", answer: "回答", classify: "分类", summarize: "总结", working: "正在做……",
    sentence: "一句话或一个词，英文或中文", sentenceHint: "安娜有一个红球。", text: "文字",
    storyHint: "汤姆和安娜去了公园。汤姆跑到了房子。", question: "问题", questionHint: "安娜在哪里？",
    moodHint: "汤姆弄丢了球。安娜找到了球。汤姆很高兴。", person: "人物：问其心情（不填则问主题）",
    personHint: "汤姆", because: "依据：{reason}", nothing: "（没有）", curve: "训练曲线",
    scorecard: "成绩单", card: "模型卡", noScorecard: "这个模型没有成绩单。",
    noCard: "模型卡在训练结束时写出。", noCurve: "这个模型没有训练记录。",
    curveState: "第 {step} 步：验证损失每词元 {loss} 奈特，每字节 {bits} 比特。{state}",
    curveTraining: "第 {step} 步。{state}", growing: "还在训练，曲线会跟着更新。", finished: "训练已经结束。",
    curveTitle: "各步的损失：训练损失从每词元 {first} 奈特降到 {last} 奈特", step: "步",
    lossAxis: "奈特/词元", trainingLine: "训练", validationLine: "验证", task: "任务", metric: "指标",
    value: "得分", interval: "95% 区间", chance: "随机", baseline: "最好的基线", oracle: "满分规则",
    sure: "它认为答对的概率是 {share}。", tag: "标注", taggedSentence: "一个句子", tagHint: "猫坐在垫子上。", label: "标签", report: "涌现报告",
    lossAxisReader: "奈特", curveTitleReader: "各步的损失：训练损失从 {first} 奈特降到 {last} 奈特",
    curveReader: "第 {step} 步：验证损失 {loss} 奈特。{state}",
    api: "HTTP 接口", keyTitle: "这个服务器需要密钥", key: "密钥", enter: "进入", page: "网页",
    apiNote: "OpenAI 接口的客户端用这个地址：{address}。给程序的说明：",
    needed: "必填", parameter: "参数", kind: "类型", meaning: "含义",
  },
};

export let language = localStorage.getItem("upwell-language") ?? (navigator.language.startsWith("zh") ? "zh" : "en");

export function say(word, values = {}) {
  return WORDS[language][word].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export function switchLanguage() {
  language = language === "en" ? "zh" : "en";
  localStorage.setItem("upwell-language", language);
  translatePage();
}

export function translatePage() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = say(element.dataset.word);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", say(element.dataset.label));
  for (const element of document.querySelectorAll("[data-hint]")) element.placeholder = say(element.dataset.hint);
  const button = document.getElementById("language");
  if (button) {
    button.textContent = language === "en" ? "中文" : "English";
    button.lang = language === "en" ? "zh" : "en";
  }
}
