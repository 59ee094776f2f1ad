"""The tables of wording: constructions, ready speech, beginnings, what joins and introduces clauses, in both languages.

The columns are explained in `constructions`, which reads them.
"""

from __future__ import annotations

SAYING: dict[str, tuple[str, str, str, str]] = {
    "say": ("said", "said to {}", "说", "对{}说"),
    "ask": ("asked", "asked {}", "问", "问{}"),
    "answer": ("answered", "answered {}", "回答", "回答{}"),
    "shout": ("shouted", "shouted to {}", "喊道", "对{}喊道"),
    "whisper": ("whispered", "whispered to {}", "小声说", "对{}小声说"),
    "call": ("called", "called to {}", "叫道", "对{}叫道"),
    "reply": ("replied", "replied to {}", "回应道", "对{}回应道"),
    "think": ("thought", "", "心想", ""),
}
"""Verbs before or after quoted speech: English without and with who listens, then Chinese."""

THAT: dict[str, tuple[str, str, bool, str]] = {
    "know": ("know", "{}知道", True, "state"),
    "think": ("think", "{}以为", True, "state"),
    "believe": ("believe", "{}相信", True, "state"),
    "hope": ("hope", "{}希望", True, "state"),
    "remember": ("remember", "{}记得", True, "state"),
    "say": ("say", "{}说", True, "event"),
    "tell": ("tell", "{}告诉", True, "event"),
    "see": ("see", "{}看到", True, "event"),
    "hear": ("hear", "{}听说", True, "event"),
    "find_out": ("find out", "{}发现", True, "event"),
    "notice": ("notice", "{}发觉", True, "event"),
    "dream": ("dream", "{}梦见", True, "event"),
    "be_sure": ("feel sure", "{}确信", True, "state"),
}
"""Verbs before what somebody knew or told: English verb, Chinese, whether "that" may stand, aspect."""

CONNECTED: dict[str, tuple[tuple[tuple[str, bool], ...], tuple[tuple[str, bool], ...]]] = {
    "and": ((("{0}, and {1}", False),), (("{0}，{1}", False),)),
    "but": ((("{0}, but {1}", False),), (("{0}，但是{1}", False), ("{0}，可是{1}", False))),
    "so": ((("{0}, so {1}", False),), (("{0}，所以{1}", False), ("{0}，于是{1}", False))),
    "because": (
        (("{0} because {1}", False), ("because {1}, {0}", True)),
        (("因为{1}，所以{0}", True), ("{0}，因为{1}", False)),
    ),
    "when": (
        (("when {1}, {0}", True), ("{0} when {1}", False)),
        (("{1}的时候，{0}", True), ("当{1}的时候，{0}", True)),
    ),
    "after": (
        (("after {1}, {0}", True), ("{0} after {1}", False)),
        (("{1}以后，{0}", True), ("{1}之后，{0}", True)),
    ),
    "before": (
        (("before {1}, {0}", True), ("{0} before {1}", False)),
        (("{1}以前，{0}", True), ("{1}之前，{0}", True)),
    ),
    "until": ((("{0} until {1}", False),), (("在{1}之前，{0}", True),)),
    "if": (
        (("if {1}, {0}", True), ("{0} if {1}", False)),
        (("如果{1}，{0}", True), ("要是{1}，{0}", True)),
    ),
}
"""How two sentences are joined: templates and whether the second is said first."""

TABLE = """
give            NOP event    {0} [give] {1} to {2} | {0} [give] {2} {1}             {0}^把{1}送给*{2} | {0}^送给*{2}{1}
give_pet        PPP event    {0} [give] {1} to {2} | {0} [give] {2} {1}             {0}^把{1}送给*{2} | {0}^送给*{2}{1}
give_back       NOP event    {0} [give] {1} back to {2} | {0} [return] {1} to {2}   {0}^把{1}还给*{2}
hand            NOP event    {0} [hand] {1} to {2} | {0} [pass] {1} to {2}          {0}^把{1}递给*{2} | {0}^递给*{2}{1}
lend            NOP event    {0} [lend] {1} to {2} | {0} [lend] {2} {1}             {0}^把{1}借给*{2} | {0}^借给*{2}{1}
sell_to         NOP event    {0} [sell] {1} to {2} | {0} [sell] {2} {1}             {0}^把{1}卖给*{2} | {0}^卖给*{2}{1}
bring_to        NOP event    {0} [bring] {1} to {2} | {0} [bring] {2} {1}           {0}^把{1}带给*{2} | {0}^给{2}带来*{1}
show            NNP event    {0} [show] {1} to {2} | {0} [show] {2} {1}             {0}^把{1}拿给{2}看* | {0}^给{2}看*{1}
throw_to        NOP event    {0} [throw] {1} to {2} | {0} [throw] {2} {1}           {0}^把{1}扔给*{2}
take_from       NOP event    {0} [take] {1} from {2} | {0} [take] {1} away from {2}   {0}^从{2}那里拿走*{1} | {0}^拿走*{2}那里的{1}
borrow          NOP event    {0} [borrow] {1} from {2}                              {0}^向{2}借*{1} | {0}^从{2}那里借*{1}
buy_from        NOP event    {0} [buy] {1} from {2}                                 {0}^从{2}那里买*{1} | {0}^向{2}买*{1}
buy_for         NOP event    {0} [buy] {1} for {2}                                  {0}^给{2}买*{1} | {0}^为{2}买*{1}
make_for        NOP event    {0} [make] {1} for {2}                                 {0}^给{2}做*{1} | {0}^为{2}做*{1}
get_from        PNP event    {0} [get] {1} from {2} | {0} [receive] {1} from {2}    {0}^从{2}那里得到*{1} | {0}^收到*{2}送的{1}
put             NNL event    {0} [put] {1} {2} | {0} [place] {1} {2}                {0}^把{1}放在*{2} | {0}^把{1}放到*{2} | {0}^在{2}放*{1}
hide_at         NOL event    {0} [hide] {1} {2}                                     {0}^把{1}藏在*{2} | {0}^把{1}藏到*{2} | {0}^在{2}藏*{1}
hide_self       PL  event    {0} [hide] {1}                                         {0}^躲在*{1} | {0}^藏在*{1}
leave_at        NNL event    {0} [leave] {1} {2}                                    {0}^把{1}留在*{2} | {0}^在{2}留下*{1}
plant_at        NNL event    {0} [plant] {1} {2}                                    {0}^把{1}种在*{2} | {0}^在{2}种*{1}
find_at         NNL event    {0} [find] {1} {2}                                     {0}^在{2}找到*{1} | {0}^在{2}发现*{1}
see_at          NNL event    {0} [see] {1} {2}                                      {0}^在{2}看见*{1} | {0}^在{2}看到*{1}
take_out        NOC event    {0} [take] {1} out of {2}                              {0}^从{2}拿出*{1} | {0}^把{1}从{2}拿出来*
pick_from       NOC event    {0} [pick] {1} from {2}                                {0}^从{2}摘*{1}
look_at_place   NL  event    {0} [look] {1}                                         {0}^在{1}找*<了找>
go              NT  event    {0} [go] {1}                                           {0}^去*{1} | {0}^到{1}去*
run             NT  event    {0} [run] {1}                                          {0}^跑到*{1}
walk            NT  event    {0} [walk] {1}                                         {0}^走到*{1}
come            NT  event    {0} [come] {1}                                         {0}^来*<到了>{1}
go_back         NT  event    {0} [go] back {1} | {0} [return] {1}                   {0}^回*<到了>{1}
hurry           NT  event    {0} [hurry] {1}                                        {0}^赶到*{1} | {0}^匆匆赶到*{1}
reach           NN  event    {0} [reach] {1}                                        {0}^到达*{1}
move_to         NT  event    {0} [move] {1}                                         {0}^搬到*{1}
go_home         N   event    {0} [go] home                                          {0}^回家*
run_into        PC  event    {0} [run] into {1}                                     {0}^跑进*{1}
run_home        N   event    {0} [run] home                                         {0}^跑回家*
come_home       N   event    {0} [come] home                                        {0}^回到家* | {0}^到家*
go_out          N   event    {0} [go] out | {0} [go] outside                        {0}^出门* | {0}^出去*
get_lost        N   event    {0} [get] lost | {0} [lose] the way                    {0}^迷路*
run_away        N   event    {0} [run] away                                         {0}^跑掉* | {0}^逃掉*
fly_away        N   event    {0} [fly] away                                         {0}^飞走*
fall_into       NC  event    {0} [fall] into {1}                                    {0}^掉进*{1}
fall_from       NN  event    {0} [fall] from {1} | {0} [fall] off {1}               {0}^从{1}上掉下来*
hurt            N   event    {0} [get] hurt                                         {0}^受伤*
lead_home       PP  event    {0} [lead] {1} home | {0} [take] {1} home                  {0}^把{1}带回*家 | {0}^把{1}领回*家
lead            PPT event    {0} [lead] {1} {2} | {0} [take] {1} {2}                {0}^把{1}带到*{2} | {0}^带着{1}去*{2}
carry_to        NNT event    {0} [carry] {1} {2}                                    {0}^把{1}搬到*{2}
fetch           NN  event    {0} [fetch] {1}                                        {0}^取来*{1} | {0}^把{1}取来*
invite          PPT event    {0} [invite] {1} {2}                                   {0}^邀请{1}去{2}
play_with       NP  activity {0} [play] with {1}                                    {0}^跟{1}一起玩*<了起来>
play_toy        NO  activity {0} [play] with {1}                                    {0}^玩*<起了>{1}
talk_with       PP  activity {0} [talk] with {1} | {0} [talk] to {1}                {0}^跟{1}聊*<起了>天 | {0}^跟{1}谈*<起了>话
wait_for        NN  activity {0} [wait] for {1}                                     {0}^等*<着>{1} | {0}^等候*<着>{1}
share           POP event    {0} [share] {1} with {2}                               {0}^跟{2}分享*{1}
meet_named      PBN event    {0} [meet] {1} named {2} | {0} [meet] {1} whose name was {2}   {0}^遇见*{1}，名叫{2} | {0}^碰到*{1}，名叫{2}
meet_at         PPL event    {0} [meet] {1} {2}                                     {0}^在{2}遇见*{1} | {0}^在{2}碰到*{1}
say_goodbye     PP  event    {0} [say] goodbye to {1}                               {0}^向{1}告别* | {0}^跟{1}告别*
race            PP  event    {0} [run] a race with {1} | {0} [race] with {1}        {0}^跟{1}赛*<了一次>跑
lose_race       P   event    {0} [lose] the race                                    {0}^输掉*比赛 | {0}^输*比赛
overtake        PP  event    {0} [overtake] {1} | {0} [run] past {1}                {0}^超过*{1} | {0}^跑到*{1}前头
quarrel         PP  event    {0} [quarrel] with {1} | {0} [argue] with {1}          {0}^跟{1}吵*<了一>架
quarrel_over    PPO event    {0} [quarrel] with {1} over {2}                        {0}^为了{2}跟{1}吵*<了一>架
apologize       PP  event    {0} [say] sorry to {1} | {0} [apologize] to {1}        {0}^向{1}道歉* | {0}^对{1}说*对不起
forgive         PP  event    {0} [forgive] {1}                                      {0}^原谅*{1}
make_up         PP  event    {0} [make] up with {1}                                 {0}^跟{1}和好* | {0}^跟{1}重新成为*朋友
befriend        PP  event    {0} [become] friends with {1} | {0} [make] friends with {1}  {0}^跟{1}成为*朋友 | {0}^跟{1}交*朋友
trick           PP  event    {0} [play] a trick on {1} | {0} [trick] {1}            {0}^捉弄*{1}
comfort         PP  event    {0} [comfort] {1}                                      {0}^安慰*{1}
scold           PP  event    {0} [scold] {1}                                        {0}^责备*{1} | {0}^批评*{1}
praise          PP  event    {0} [praise] {1}                                       {0}^夸奖*{1} | {0}^表扬*{1}
encourage       PP  event    {0} [encourage] {1}                                    {0}^鼓励*{1}
rescue          PP  event    {0} [rescue] {1} | {0} [save] {1}                      {0}^救*{1}
look_after      PP  activity {0} [look] after {1} | {0} [take] care of {1}          {0}^照顾*<着>{1}
promise_to      PPV event    {0} [promise] {1} to {2}                               {0}^答应{1}{2}
ask_to          PPV event    {0} [ask] {1} to {2}                                   {0}^请{1}{2} | {0}^叫{1}{2}
help_to         PPV event    {0} [help] {1} {2} | {0} [help] {1} to {2}             {0}^帮{1}{2} | {0}^帮助{1}{2}
teach_to        PPV event    {0} [teach] {1} to {2}                                 {0}^教{1}{2}
learn_to        PV  event    {0} [learn] to {1}                                     {0}^学会*{1}
dare_to         PV  event    {0} [dare] to {1}                                      {0}^敢{1}
like_to         PV  state    {0} [like] to {1}                                      {0}^喜欢{1}
practise        PV  activity {0} [practise] how to {1}                              {0}^练习*<着>{1}
keep_promise    P   event    {0} [keep] the promise                                 {0}^遵守*诺言 | {0}^信守*诺言
break_promise   P   event    {0} [break] the promise                                {0}^违背*诺言
tell_secret     PP  event    {0} [tell] {1} the secret | {0} [tell] the secret to {1}  {0}^把秘密告诉*{1}
keep_secret     P   event    {0} [keep] the secret                                  {0}^保守*秘密
tell_truth      PP  event    {0} [tell] {1} the truth | {0} [tell] the truth to {1}   {0}^把真相告诉*{1} | {0}^对{1}说*实话
tell_story      PP  event    {0} [tell] {1} a story | {0} [tell] a story to {1}     {0}^给{1}讲*一个故事
have_idea       P   event    {0} [think] of a plan | {0} [think] of a way              {0}^想出*一个主意 | {0}^想到*一个办法
give_up         P   event    {0} [give] up                                          {0}^放弃*
try_again       P   event    {0} [try] again                                        {0}^重新试*一次 | {0}^重新试*一遍
try_hard        P   activity {0} [try] hard | {0} [work] hard                       {0}^努力*<了很久>
work_together   P   activity {0} [work] together                                    {0}^一起干*<起了>活
make_noise      N   event    {0} [make] a noise                                     {0}^发出*声音
light_lamp      PO  event    {0} [light] {1}                                        {0}^点亮*{1}
run_out         N   event    {0} [run] out                                          {0}^用完*
be_friends      P   state    {0} [be] good friends | {0} [be] best friends          {0}^是好朋友 | {0}^是最好的朋友
cherish         PD  state    {0} [love] {1} very much | {0} [like] {1} very much    {0}^非常喜欢{1} | {0}^特别喜欢{1}
have_no         NG  state    {0} [have] no {1}                                      {0}^没有{1}
go_to_do        PTV event    {0} [go] {1} to {2}                                    {0}^去{1}{2} | {0}^到{1}去{2}
call_it         PPN event    {0} [name] {1} {2} | {0} [call] {1} {2}                    {0}^给{1}取名叫{2} | {0}^把{1}叫做{2}
be_gone         N   fixed    {0} [be] gone | {0} [be] missing                       {0}不见了
look_everywhere P   event    {0} [look] everywhere | {0} [search] everywhere        {0}^到处找*<了一遍> | {0}^到处寻找*<了一遍>
play_together   P   activity {0} [play] together                                    {0}^一起玩*<了起来>
eat_together    PN  event    {0} [eat] {1} together                                 {0}^一起吃*{1}
live_happily    P   fixed    {0} [live] happily                                     {0}过着快乐的日子 | {0}过得很快乐
knock           PO  event    {0} [knock] on {1} | {0} [knock] at {1}                {0}^敲*<了敲>{1}
shelter         PL  event    {0} [take] shelter {1} | {0} [stay] {1} for a while      {0}^在{1}躲*<了一会儿>
play_instrument PO  activity {0} [play] {1}                                         {0}^演奏*{1}
cheer_for       PP  activity {0} [cheer] for {1}                                    {0}^为{1}加油 | {0}^给{1}加油
be_late         P   state    {0} [be] late                                          {0}^迟到了
think_of        PN  state    {0} [think] of {1} all day                             {0}^整天想着{1}
miss_so         PP  state    {0} [miss] {1} so much                                 {0}^非常想念{1} | {0}^十分想念{1}
lie_awake       P   state    {0} [lie] awake | {0} [stay] awake                      {0}^睡不着 | {0}^怎么也睡不着
be_alone        P   state    {0} [be] all alone                                     {0}^独自一个人
stay_at_home    P   event    {0} [stay] at home                                     {0}^待在*家里
stay_with       PP  activity {0} [stay] with {1} | {0} [keep] {1} company           {0}^陪*<着>{1}
fall_down       P   event    {0} [fall] down                                        {0}^摔*<了一>跤
awake           P   event    {0} [wake] up                                          {0}^醒*<了>过来 | {0}^睡醒*
get_up          P   event    {0} [get] up again                                     {0}^又站*<了>起来
help_up         PP  event    {0} [help] {1} up                                      {0}^把{1}扶*<了>起来
walk_on         P   event    {0} [walk] on                                          {0}^继续往前走
say_nothing     P   event    {0} [say] nothing                                      {0}^什么也没说
run_fast        P   activity {0} [run] very fast | {0} [run] as fast as the wind    {0}^跑得很快 | {0}^跑得飞快
work_for        PP  activity {0} [work] for {1}                                     {0}^为{1}干*<起了>活 | {0}^替{1}干*<起了>活
earn            PO  event    {0} [earn] {1}                                         {0}^挣*<到了>{1}
save_up         P   event    {0} [save] the money                                   {0}^把钱存*<了>起来
write_to        PP  event    {0} [write] a letter to {1} | {0} [write] {1} a letter   {0}^给{1}写*一封信
let_go          PP  event    {0} [let] {1} go | {0} [set] {1} free                  {0}^把{1}放走*
smell_good      O   state    {0} [smell] good                                       {0}^闻起来很香 | {0}^很香
turn_back       P   event    {0} [turn] back                                        {0}^转身往回走
whole_day       P   event    {0} [work] all day                                     {0}^忙*<了>一整天
be_at           NL  state    {0} [be] {1}                                           {0}^在{1}
live_at         NL  state    {0} [live] {1}                                         {0}^住在{1}
there_be        BL  state    there [be] {0} {1}                                     {1}^有{0}
have            PB  state    {0} [have] {1}                                         {0}^有{1}
own             ND  state    {0} [own] {1}                                          {0}^拥有{1}
be              NA  state    {0} [be] {1}                                           {0}^{1}
feel            PA  state    {0} [feel] {1}                                         {0}^觉得{1} | {0}^感到{1}
no_longer       PA  fixed    {0} [be] no longer {1} | {0} [stop] being {1}          {0}^不再觉得{1}
still           PA  fixed    {0} [be] still {1}                                    {0}^还是觉得{1}
everybody       A   fixed    everybody [be] {0} | everyone [be] {0}                 大家都{0} | 每个人都{0}
nobody          A   fixed    nobody [be] {0} | no one [be] {0}                      没有人觉得{0} | 谁也不觉得{0}
all_but         WA  fixed    everybody but {0} [be] {1} | everyone except {0} [be] {1}  除了{0}，大家都{1}
only            WA  fixed    only {0} [be] {1} | nobody but {0} [be] {1}            只有{0}{1}
become          NA  state    {0} [become] {1}                                       {0}^变得{1}
look_like       NA  state    {0} [look] {1}                                         {0}^看起来{1}
be_noun         PB  state    {0} [be] {1}                                           {0}^是{1}
compare         NKN state    {0} [be] {1} than {2}                                  {0}^比{2}{1}
same_as         NKN state    {0} [be] as {1} as {2}                                 {0}^跟{2}一样{1}
belong          OP  state    {0} [belong] to {1}                                    {0}^属于{1}
like_kind       PG  state    {0} [like] {1}                                         {0}^喜欢{1}
fear_kind       PG  state    {0} [fear] {1}                                         {0}^害怕{1} | {0}^怕{1}
named           BN  fixed    there [be] {0} named {1} | there [be] {0} whose name was {1}  有{0}，名叫{1} | 有{0}叫{1}
once_lived      BNL fixed    {0} named {1} [live] {2} | there [be] {0} named {1} who lived {2}   {2}住着{0}，名叫{1} | {2}有{0}，名叫{1}
be_birthday     W   fixed    it [be] {0}'s birthday                                 {0}的生日到了 | {0}的生日来了
birthday_comes  W   fixed    {0}'s birthday [be] coming | it [be] almost {0}'s birthday   {0}的生日快到了 | {0}快要过生日了
broke_down      O   event    {0} [break] | {0} [stop] working                       {0}^坏*
burn            O   event    {0} [burn]                                             {0}^烧焦*
rain            -   fixed    it [begin] to rain | the rain [begin] to fall          下起了雨 | 天开始下雨
rain_stops      -   fixed    the rain [stop] | it [stop] raining                    雨停了 | 雨不下了
snow            -   fixed    it [begin] to snow | the snow [begin] to fall          下起了雪 | 天开始下雪
wind            -   fixed    a strong wind [blow] | a strong wind [begin] to blow   刮起了大风 | 一阵大风刮了起来
storm           -   fixed    a storm [come] | a great storm [break] out             暴风雨来了 | 来了一场暴风雨
thunder         -   fixed    the thunder [roll] | there [be] a clap of thunder      雷声隆隆 | 天上打起了雷
sun             -   fixed    the sun [come] out | the sun [shine] again             太阳出来了 | 太阳又露出了脸
dark            -   fixed    it [grow] dark | it [get] dark                         天黑了 | 天色暗了下来
light           -   fixed    it [grow] light | it [get] light                       天亮了 | 天色亮了起来
stars           -   fixed    the stars [shine] in the sky | the stars [come] out    星星出来了 | 天上的星星亮了
fine_day        -   fixed    the weather [be] fine | the weather [be] lovely             天气很好 | 天气真好
cold_day        -   fixed    it [be] cold outside | the weather [be] cold             天气很冷 | 天气冷极了
hot_day         -   fixed    it [be] hot outside | the weather [be] hot               天气很热 | 天气热极了
windy_day       -   fixed    it [be] windy outside | the weather [be] windy          刮着大风 | 外面刮着大风
quiet           -   fixed    everything [be] quiet | all [be] still                 四周静悄悄的 | 到处都很安静
"""

PASSIVE = frozenset({
    "break", "close", "open", "mend", "lose", "hide", "hide_at", "find", "see", "discover", "catch", "steal", "take away",
    "take_from", "give_back", "sell_to", "carry_to", "lead_home", "wake up", "fill", "wrap", "light_lamp",
    "rescue", "let_go", "help_up", "scold", "praise", "trick", "cheat", "tease", "overtake", "forgive",
})  # fmt: skip
"""What is told from what it was done to as well, as both languages do in children's books: see `passive`."""

SPEECH = """
sorry           I am sorry . | I am so sorry .                                      对不起。 | 真对不起。
thanks          Thank you ! | Thank you very much !                                 谢谢你！ | 太谢谢你了！
welcome         You are welcome .                                                   不用谢。 | 不客气。
hello           Hello ! | Good morning !                                            你好！ | 早上好！
goodbye         Goodbye ! | See you soon !                                          再见！ | 回头见！
yes             Yes . | Of course .                                                 好的。 | 当然可以。
no              No .                                                                不行。 | 不。
never_mind      Never mind . | It does not matter .                                 没关系。 | 没事的。
do_not_worry    Do not worry . | Don't worry .                                      别担心。 | 不要担心。
do_not_cry      Do not cry . | Don't cry .                                          别哭了。 | 不要哭。
help_me         Help ! | Please help me !                                           救命！ | 快来帮帮我！
look            Look ! | Look at this !                                             快看！ | 你看！
well_done       Well done ! | You did it !                                          干得好！ | 你真棒！
happy_birthday  Happy birthday ! | Many happy returns !                             生日快乐！ | 祝你生日快乐！
hurry_up        Hurry up ! | Be quick !                                             快点！ | 赶快！
be_careful      Be careful ! | Take care !                                          小心！ | 当心点！
what_wrong      What is wrong ? | What is the matter ?                              怎么了？ | 出了什么事？
come_in         Please come in . | Come in .                                        请进。 | 快进来吧。
wait_me         Wait for me ! | Please wait !                                       等等我！ | 请等一下！
my_fault        It was my fault . | It is all my fault .                            都是我的错。 | 这是我的错。
not_fair        That is not fair ! | It is not fair !                               这不公平！ | 太不公平了！
surprise        Surprise ! | What a surprise !                                      给你一个惊喜！ | 没想到吧！
you_can         You can do it ! | I know you can do it !                            你能行！ | 我相信你能行！
what_pity       What a pity ! | That is too bad .                                   真可惜！ | 太可惜了。
how_lovely      How lovely ! | How beautiful it is !                                真漂亮！ | 多漂亮啊！
delicious       It is delicious ! | It tastes so good !                             真好吃！ | 味道好极了！
together        We will always be friends . | We will be friends for ever .         我们永远是朋友。 | 我们会一直是朋友。
good_night      Good night ! | Sleep well !                                         晚安！ | 好好睡吧！
ready           Ready , go ! | One , two , three , go !                             预备，跑！ | 一、二、三，跑！
so_funny        How funny ! | That is so funny !                                    真好笑！ | 太有趣了！
"""

ADVERBIALS = """
once            once upon a time | long ago                                         从前 | 很久以前
one_day         one day                                                             有一天 | 一天
one_morning     one morning                                                         有一天早上 | 一天早晨
one_afternoon   one afternoon                                                       有一天下午 | 一天下午
one_evening     one evening                                                         有一天晚上 | 一天傍晚
that_morning    that morning                                                        那天早上 | 那天早晨
that_evening    that evening                                                        那天晚上 | 那天傍晚
that_night      that night                                                          那天夜里 | 那一夜
in_spring       one day in spring                                                   春天的一天
in_summer       one day in summer                                                   夏天的一天
in_autumn       one day in autumn                                                   秋天的一天
in_winter       one day in winter                                                   冬天的一天
next_day        the next day | the day after                                        第二天 | 到了第二天
next_morning    the next morning                                                    第二天早上 | 第二天一早
few_days        a few days later | after a few days                                 几天后 | 过了几天
week_later      a week later | after a week                                         一个星期后 | 过了一个星期
then            then | after that                                                   然后 | 接着
soon            soon | before long                                                  不久 | 很快
later           later | a little later                                              后来 | 过了一会儿
suddenly        suddenly | all of a sudden                                          突然 | 忽然
at_last         at last | in the end                                                终于 | 最后
at_first        at first                                                            起初 | 一开始
luckily         luckily                                                             幸好 | 幸运的是
sadly           unfortunately                                                       不幸的是 | 可惜
every_day       every day                                                           每天
after_that_day  from that day on | from then on                                     从那天起 | 从那以后
on_the_way      on the way                                                          在路上 | 半路上
on_sunday       on Sunday                                                           星期天 | 星期日
meanwhile       meanwhile | at the same time                                        与此同时 | 这时候
just_then       just then | at that moment                                          就在这时 | 正在这时
that_day        that day                                                            那天 | 那一天
in_the_evening  in the evening                                                      到了晚上 | 晚上
at_night        at night                                                            夜里 | 到了夜里
of_course       of course                                                           当然
this_time       this time                                                           这一次 | 这回
again           once again | once more                                              又一次 | 再一次
"""
