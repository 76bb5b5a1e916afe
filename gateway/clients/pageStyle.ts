/** The page's style sheet: for a phone first, in the device's own font and in its colours, light or dark. */
export const pageStyle = `
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; }
h2 { font-size: 1.15rem; margin: 0; display: inline; }
h3 { font-size: 1rem; margin: 1rem 0 .25rem; }
h4 { font-size: .95rem; font-weight: 600; margin: .75rem 0 0; }
.warning { background: #fff3cd; color: #533f03; padding: .5rem .75rem; border-radius: .4rem; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .25rem .75rem; }
dt { font-weight: 600; }
dd { margin: 0; min-width: 0; }
code { font: .9em/1.4 ui-monospace, monospace; overflow-wrap: anywhere; user-select: all; background: #8882; padding: .1em .3em; border-radius: .3em; }
a { overflow-wrap: anywhere; }
ol, ul { padding-left: 1.4rem; margin: .25rem 0; }
li { margin: .35rem 0; }
details { border: 1px solid #8886; border-radius: .5rem; margin: .6rem 0; padding: 0 .9rem; }
details[open] { padding-bottom: .7rem; }
summary { cursor: pointer; padding: .7rem 0; }
.qr { display: block; width: 100%; max-width: 15rem; margin: .5rem auto; }
@media (max-width: 26rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; } }
`;
