using System.Collections.Frozen;

namespace NotificationBus.Channels.Sms;

/// <summary>
/// The country a number belongs to, by what it begins with, as ITU-T assigns codes under E.164; for the code 1, which 25 countries share,
/// the area codes of the North American Numbering Plan. Not compared with their lists (itu.int, nanpa.com) line by line. Where territories
/// share the code of their country (44, 47, 61, 212, 262, 358, 590) the country counts; an area code of Canada that is newer than this list
/// counts as American.
/// </summary>
static class CallingCodes
{
    const int LongestCode = 4;

    static readonly FrozenDictionary<string, string> Countries = Read(
        "1 US",
        "1204 1226 1236 1249 1250 1263 1289 1306 1343 1354 1365 1367 1368 1382 1403 1416 1418 1428 1431 1437 1438 1450 1468 1474 1506 1514 1519 1548 "
            + "1579 1581 1584 1587 1604 1613 1639 1647 1672 1683 1705 1709 1742 1753 1778 1780 1782 1807 1819 1825 1867 1873 1879 1902 1905 1942 CA",
        "1242 BS", "1246 BB", "1264 AI", "1268 AG", "1284 VG", "1340 VI", "1345 KY", "1441 BM", "1473 GD", "1649 TC", "1658 1876 JM", "1664 MS", "1670 MP", "1671 GU",
        "1684 AS", "1721 SX", "1758 LC", "1767 DM", "1784 VC", "1787 1939 PR", "1809 1829 1849 DO", "1868 TT", "1869 KN",
        "7 RU", "76 77 KZ",
        "20 EG", "27 ZA", "30 GR", "31 NL", "32 BE", "33 FR", "34 ES", "36 HU", "39 IT", "40 RO", "41 CH", "43 AT", "44 GB", "45 DK", "46 SE", "47 NO", "48 PL", "49 DE",
        "51 PE", "52 MX", "53 CU", "54 AR", "55 BR", "56 CL", "57 CO", "58 VE", "60 MY", "61 AU", "62 ID", "63 PH", "64 NZ", "65 SG", "66 TH",
        "81 JP", "82 KR", "84 VN", "86 CN", "90 TR", "91 IN", "92 PK", "93 AF", "94 LK", "95 MM", "98 IR",
        "211 SS", "212 MA", "213 DZ", "216 TN", "218 LY", "220 GM", "221 SN", "222 MR", "223 ML", "224 GN", "225 CI", "226 BF", "227 NE", "228 TG", "229 BJ",
        "230 MU", "231 LR", "232 SL", "233 GH", "234 NG", "235 TD", "236 CF", "237 CM", "238 CV", "239 ST", "240 GQ", "241 GA", "242 CG", "243 CD", "244 AO", "245 GW",
        "246 IO", "248 SC", "249 SD", "250 RW", "251 ET", "252 SO", "253 DJ", "254 KE", "255 TZ", "256 UG", "257 BI", "258 MZ", "260 ZM", "261 MG", "262 RE", "263 ZW",
        "264 NA", "265 MW", "266 LS", "267 BW", "268 SZ", "269 KM", "290 SH", "291 ER", "297 AW", "298 FO", "299 GL",
        "350 GI", "351 PT", "352 LU", "353 IE", "354 IS", "355 AL", "356 MT", "357 CY", "358 FI", "359 BG", "370 LT", "371 LV", "372 EE", "373 MD", "374 AM", "375 BY",
        "376 AD", "377 MC", "378 SM", "380 UA", "381 RS", "382 ME", "383 XK", "385 HR", "386 SI", "387 BA", "389 MK",
        "420 CZ", "421 SK", "423 LI", "500 FK", "501 BZ", "502 GT", "503 SV", "504 HN", "505 NI", "506 CR", "507 PA", "508 PM", "509 HT",
        "590 GP", "591 BO", "592 GY", "593 EC", "594 GF", "595 PY", "596 MQ", "597 SR", "598 UY", "599 BQ", "5999 CW",
        "670 TL", "672 NF", "673 BN", "674 NR", "675 PG", "676 TO", "677 SB", "678 VU", "679 FJ", "680 PW", "681 WF", "682 CK", "683 NU", "685 WS", "686 KI", "687 NC",
        "688 TV", "689 PF", "690 TK", "691 FM", "692 MH",
        "850 KP", "852 HK", "853 MO", "855 KH", "856 LA", "880 BD", "886 TW",
        "960 MV", "961 LB", "962 JO", "963 SY", "964 IQ", "965 KW", "966 SA", "967 YE", "968 OM", "970 PS", "971 AE", "972 IL", "973 BH", "974 QA", "975 BT", "976 MN",
        "977 NP", "992 TJ", "993 TM", "994 AZ", "995 GE", "996 KG", "998 UZ");

    /// <summary>The country of a number in E.164 form, ISO 3166-1 alpha-2; null when its code belongs to none.</summary>
    public static string? CountryOf(string number)
    {
        for (var length = Math.Min(LongestCode, number.Length - 1); length > 0; length--)
        {
            if (Countries.TryGetValue(number.Substring(1, length), out var country))
                return country;
        }

        return null;
    }

    static FrozenDictionary<string, string> Read(params IEnumerable<string> lines) =>
        (from line in lines
         let words = line.Split(' ')
         from code in words.SkipLast(1)
         select KeyValuePair.Create(code, words[^1])).ToFrozenDictionary(StringComparer.Ordinal);
}
