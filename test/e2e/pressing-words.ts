/** Words that shame, threaten or beg, and words that offer something for staying, in each language. */
import type { Locale } from '../../src/values/locale.ts'

export const shaming: Record<Locale, RegExp> = {
  en: /sorry to see|are you sure|sure you want|don[’']t (?:leave|go)|miss(?:ing)? out|(?:will|we[’']ll) miss|regret|unfortunately|please|abandon|no,? thanks|I don[’']t (?:care|want)|lose everything|hate to|too bad|a shame|last chance|!/i,
  'zh-CN':
    /残忍|忍心|狠心|舍不得|再想想|确定要|真的要|后悔|遗憾|抛弃|不要走|别走|留下来|错过|最后机会|挽留|亲|您|！/,
  'zh-TW':
    /殘忍|忍心|狠心|捨不得|再想想|確定要|真的要|後悔|遺憾|拋棄|不要走|別走|留下來|錯過|最後機會|挽留|親愛|您|！/,
  ja: /本当に|よろしいのですか|後悔|残念|寂し|さみし|悲し|見捨て|行かないで|辞めないで|やめないで|お考え直し|考え直|最後のチャンス|逃し|もったいない|引き止め|失うことに|！/,
  es: /seguro (?:de )?que|de verdad quieres|no te vayas|te echaremos|echar de menos|lamentamos|sentimos|lástima|pena|arrepent|por desgracia|desafortunad|por favor|abandon|no,? gracias|te (?:lo )?perderás|pierdes todo|última oportunidad|¡|!/i,
  fr: /êtes[- ]vous sûr|vraiment partir|ne partez pas|manquer|regret|désolé|dommage|malheureusement|hélas|s[’']il vous plaît|nous abandonn|non,? merci|perdre tout|perdez tout|dernière chance|triste|!/i,
  de: /wirklich|sind Sie sicher|geh(?:en Sie)? nicht|bleib(?:en Sie)? (?:doch|bei)|vermissen|verpassen|bereuen|bedauer|schade|leider|bitte|im Stich|nein,? danke|alles verlieren|letzte Chance|traurig|!/i,
  ar: /هل أنت متأكد|متأكد من|لا تذهب|لا ترحل|سنفتقدك|نفتقدك|ستندم|تندم|نأسف|للأسف|من فضلك|رجاءً|يرجى|تتخلى عن|لا،? شكرًا|تخسر كل|الفرصة الأخيرة|آخر فرصة|يحزننا|خسارة|!/,
}
/** What staying would bring. */
export const offering: Record<Locale, RegExp> = {
  en: /\d+ ?% off|discount|special offer|for free|free (?:month|week|day|data)|bonus|gift|stay (?:with us|and)|upgrade|only today/i,
  'zh-CN': /折|优惠|特惠|免费送|限时|福利|礼包|礼品|升级|续约|留下/,
  'zh-TW': /折|優惠|特惠|免費送|限時|福利|禮包|禮品|升級|續約|留下/,
  ja: /割引|\d+ ?[%％] ?オフ|特典(?!残高)|お得|無料で|プレゼント|ボーナス|限定|アップグレード|継続すると/,
  es: /descuento|\d+ ?% menos|oferta|gratis|bonific|regalo|quédate|mejora de plan|solo hoy/i,
  fr: /remise|réduction|\d+ ?% de moins|offre spéciale|gratuit|bonus|cadeau|restez|surclass|aujourd[’']hui seulement/i,
  de: /rabatt|\d+ ?% (?:weniger|günstiger)|sonderangebot|gratis|kostenlos|bonus|geschenk|bleiben Sie|nur heute/i,
  ar: /خصم (?:خاص|\d)|تخفيض|عرض خاص|مجانًا|مجاني|مكافأة|هدية|ابقَ معنا|ترقية|اليوم فقط/,
}
