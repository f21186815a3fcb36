"""What a block is by its words and links: a footer, a disclaimer, an end mark, a sentence, an item of a list.

These are the rules by which what stands around an article is told from the article; `containers` weighs with them,
`body` cuts by them, `kinds` knows list pages by them.
"""

from __future__ import annotations

import re

from pipeline.blocks import Block

FOOTER = re.compile(
    r"版权所有(?!的)|copyright|©|ICP备|icp备|公网安备|技术支持|All Rights Reserved|网站标识码|主办单位[:：]|"
    r"承办单位[:：]|建议使用.{0,12}浏览器|最佳浏览|未经.{0,10}(?:授权|许可|同意).{0,30}(?:转载|复制)|邮政编码|邮编[:：]|"
    r"网站地图|违法和不良信息|增值电信",
    re.IGNORECASE,
)
# What ends an article when enough of it has been read; the line begins with it.
END = re.compile(
    r"(?:[【\[(（<《■◆●▲▼☆★·|\s>]*)(?:"
    r"(?:相关|推荐|热门|最新|更多|精彩|延伸|扩展|往期|热点|编辑精选|猜你)(?:阅读|新闻|链接|连结|文章|内容|报道|"
    r"资讯|推荐|回顾|专题|评论|"
    r"信息|视频|图片|稿件|主题|话题|喜欢|精彩|消息|知识|产品|股票|搜索|标签|公司|概念股|行情|资料|博文|微博|商品|"
    r"图集|帖子|词条|热点|关注|文档|政策|解读|政务|关于)"
    r"|上一篇|下一篇|上一条|下一条|上一则|下一则|上一页[:：]|下一页[:：]|前一篇|后一篇|上篇[:：]|下篇[:：]|"
    r"分享到|分享至|分享让更多|分享工具|打印本页|关闭窗口|打印|我要评论|我要留言|我来说两句|发表评论|网友评论|"
    r"网友留言|最新评论|全部评论|评论列表|热门评论|"
    r"文章评论|用户评论|查看评论|看过本文的人|读了这篇文章|喜欢这篇|猜你喜欢|您可能(?:还|也|感兴趣)|你可能(?:还|也|"
    r"感兴趣)|大家都在看|其他人也在看|看全文$|更多关于|"
    r"版权声明|版权与免责|版权及免责|免责声明|特别声明|郑重声明|法律声明|本网声明|声明[:：]?$|(?:网上)?调查[:：]?$|"
    r"投票[:：]?$|"
    r"(?:本文)?相关(?:标签|主题|话题)|关键字[:：]|关键词阅读|扫描二维码|扫一扫|微信扫一扫|长按.{0,6}二维码|"
    r"本?文(?:章)?(?:地址|链接|网址|连结)[:：]|原文(?:链接|地址)[:：]|"
    r"返回(?:顶部|列表|首页|上页)|新闻排行|点击排行|排行榜|今日(?:热点|头条|要闻)|24小时|48小时|一周(?:热|新闻|排行)|"
    r"您看到此篇文章时的感受|看完这篇文章|新闻表情|本文引用地址|附近新闻|网站地图|编辑推荐|小编推荐|热图|图片新闻|"
    r"友情链接"
    r")"
)
HARD_END = re.compile(  # these end it even when the line goes on
    r"^[【\[(（\s]*(?:上一篇|下一篇|上一条|下一条|上一则|下一则|前一篇|后一篇|免责声明|版权声明|特别声明|"
    r"版权与免责声明|郑重声明)"
)
EDITOR_LINE = re.compile(r"[\s(（\[【]*(?:责任编辑|责编)[：:\s]")
DISCLAIMER = re.compile(
    r"(?:以上|本|此)(?:文章|文|稿|内容|网站?|信息|稿件|作品).{0,20}(?:仅代表|不代表|只是转载|纯属个人观点|仅供参考|"
    r"版权归)|(?:仅代表|不代表)(?:作者|本网|本站|个人).{0,30}(?:观点|立场)|"
    r"(?:凡本网|凡注明|凡来源|本网(?:站)?(?:凡|所有|未|注明|转载)).{0,60}(?:转载|作品|版权|来源)|如(?:涉及|有侵权|"
    r"有侵犯).{0,40}(?:联系|删除)|转载(?:请|时请|务必)注明|内容由.{2,16}提供|未经.{0,12}(?:授权|许可|"
    r"允许).{0,12}不得(?:转载|复制|使用)|"
    r"请(?:在|于).{0,12}内?.{0,6}(?:联系|来电|来函)本网|本网(?:站)?(?:只是|仅)?转载.{0,40}(?:目的|赞同)"
)
GREETING = re.compile(
    r"^.{0,30}欢迎(?:您|你|光临|访问|来到)|请问有什么可以帮|今天是|您是第.{1,16}位"
)  # over the page, never of an article
NUMBER = re.compile(r"[\s\d,.%\-—–+/:|]*")


def is_prose(block: Block) -> bool:
    """Whether a block is a sentence or more, and not mostly links."""
    return block.stops >= 1 and len(block.text) - block.linked >= 20 and block.linked <= 0.5 * len(block.text)


def is_item(block: Block) -> bool:
    """Whether a block is a line of a list: a link of a title's length, perhaps with a date or a dot."""
    beside = len(block.text) - block.linked
    return block.linked >= 8 and block.links <= 2 and len(block.text) <= 120 and beside <= max(block.linked, 24)
