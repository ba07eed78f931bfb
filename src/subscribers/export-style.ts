/** How the page of an export looks: it opens without a network, so it asks for nothing. */
export const style = `
:root{color-scheme:light dark}
body{margin:0;font:16px/1.5 system-ui,sans-serif;color:#1b1922;background:#fff}
main{max-width:960px;margin:0 auto;padding:40px 20px}
h1{font-size:28px;line-height:1.2}h2{font-size:20px;margin:48px 0 4px}p{max-width:640px}
nav{display:flex;flex-wrap:wrap;gap:8px 16px}a{color:#5b3cc4}
.files{font-size:14px;color:#575463}.wide{overflow-x:auto}
table{border-collapse:collapse;font-size:14px}th,td{text-align:start;vertical-align:top;padding:8px 0;padding-inline-end:16px;border-top:1px solid #e3e1e8}
th{font-weight:500;color:#575463;white-space:nowrap}td{max-width:420px;overflow-wrap:anywhere;min-width:64px}.n{text-align:end;font-variant-numeric:tabular-nums}
@media(prefers-color-scheme:dark){body{color:#efedf4;background:#16141b}a{color:#b9a6fa}th,.files{color:#b3afbf}th,td{border-color:#3a3744}}`
