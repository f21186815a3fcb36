"""The ordered list of characters that the pinyin injection annotates.

In: nothing. Out: `ANNOTATED`, character → the one reading that the injection gives it, in the injection's order;
`ANNOTATION`, the form of an annotation.

Measured on 66 damaged pages of 57 domains: inside a page a character is annotated everywhere or nowhere, and the sets
of two pages are nested, that is, every page uses a prefix of this one order. The reading is fixed for each character
(長 is zhǎng also in 長期), it is not chosen by context. No property of a code table gives the order; it is data.
"""

from __future__ import annotations

import re

_LIST = """
發fā 統tǒng 規guī 態tài 衛wèi 續xù 區qū 監jiān 醫yī 業yè 優yōu 創chuàng 協xié 養yǎng 現xiàn 聯lián 網wǎng 環huán
戰zhàn 經jīng 礎chǔ 農nóng 鄉xiāng 節jié 穩wěn 應yīng 質zhì 數shù 復fù 產chǎn 調diào 術shù 側cè 結jié 執zhí 據jù
內nèi 構gòu 習xí 領lǐng 關guān 轉zhuǎn 災zāi 設shè 鎮zhèn 補bǔ 學xué 紀jì 導dǎo 冊cè 當dāng 務wù 預yù 遠yuǎn 訓xùn
權quán 擔dān 絡luò 譽yù 嚴yán 認rèn 團tuán 細xì 進jìn 標biāo 準zhǔn 護hù 頁yè 簡jiǎn 濟jì 風fēng 獻xiàn 價jià 揚yáng
計jì 謹jǐn 達dá 測cè 負fù 責zé 運yùn 強qiáng 購gòu 倉cāng 買mǎi 機jī 獨dú 場chǎng 點diǎn 費fèi 擴kuò 實shí 時shí 隊duì
評píng 項xiàng 對duì 堅jiān 動dòng 個gè 獎jiǎng 會huì 萬wàn 勵lì 績jī 號hào 臺tái 級jí 勢shì 驗yàn 樂lè 識shí 長zhǎng
爭zhēng 競jìng 報bào 訪fǎng 財cái 無wú 國guó 見jiàn 營yíng 請qǐng 問wèn 來lái 說shuō 過guò 陽yáng 開kāi 沒méi 書shū
門mén 滿mǎn 稱chēng 專zhuān 線xiàn
"""

ANNOTATED: dict[str, str] = {entry[0]: entry[1:] for entry in _LIST.split()}

LETTERS = "a-zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹḿêɑɡ"
# `(wèi)`, `（wèi）`, `(huì )`; a page that was normalized to NFD has the tone marks as combining characters.
ANNOTATION = re.compile(rf"[(（][ \xa0]?([{LETTERS}][{LETTERS}\u0300-\u030c]{{0,9}})[ \xa0]?[)）]")
