"use strict";(self.rspackChunksgbench_lab=self.rspackChunksgbench_lab||[]).push([[700],{634(e,a,r){var t=r(601),s=r.n(t),o=r(314),n=(r.n(o))()(s());n.push([e.id,`/* %%sgl cells: what the model writes is underlined in the colour that its text has in the output. */

:root {
  --sgb-sgl-magic: #5b3fa8;
  --sgb-sgl-gen: #00875f;
  --sgb-sgl-select: #d55e00;
  --sgb-sgl-fork: #0072b2;
}

body[data-jp-theme-light='false'] {
  --sgb-sgl-magic: #c3a6ff;
  --sgb-sgl-gen: #2fc797;
  --sgb-sgl-select: #f08a4b;
  --sgb-sgl-fork: #56b4e9;
}

.sgb-sgl-magic,
.sgb-sgl-magic *,
.sgb-sgl-option,
.sgb-sgl-option *,
.sgb-sgl-role,
.sgb-sgl-role * { color: var(--sgb-sgl-magic) !important; }
.sgb-sgl-magic,
.sgb-sgl-name,
.sgb-sgl-role { font-weight: 600; }
.sgb-sgl-gen,
.sgb-sgl-select,
.sgb-sgl-fork { font-weight: 600; text-decoration: underline 2px; text-underline-offset: 3px; }
.sgb-sgl-gen { text-decoration-color: var(--sgb-sgl-gen); }
.sgb-sgl-select { text-decoration-color: var(--sgb-sgl-select); text-decoration-style: dashed; }
.sgb-sgl-fork { text-decoration-color: var(--sgb-sgl-fork); }
`,""]),r.d(a,{},{A:n})},646(e,a,r){var t=r(601),s=r.n(t),o=r(314),n=r.n(o),i=r(724),l=r(634),g=r(154),b=n()(s());b.i(i.A),b.i(l.A),b.i(g.A),b.push([e.id,`
`,""]),r.d(a,{},{A:b})},724(e,a,r){var t=r(601),s=r.n(t),o=r(314),n=(r.n(o))()(s());n.push([e.id,`/* The side panel and the status bar's item. Colours are the widgets'. */

.sgb-lab-hidden { display: none !important; }
.sgb-lab-panel { background: var(--jp-layout-color1); overflow: hidden auto; }
.sgb-root.sgb-lab-root { margin: 0; border: 0; border-radius: 0; background: none; }
.sgb-lab-head { display: flex; flex-wrap: wrap; align-items: center; gap: 2px 8px; padding: 12px 14px 10px; border-bottom: 1px solid var(--sgb-line); }
.sgb-lab-engine { font-size: 14px; font-weight: 600; overflow-wrap: anywhere; }
.sgb-lab-device { padding: 0 7px; border: 1px solid var(--sgb-line); border-radius: 99px; color: var(--sgb-dim); font-size: 11px; }
.sgb-lab-where { flex-basis: 100%; color: var(--sgb-dim); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.sgb-lab-empty { display: grid; justify-items: start; gap: 10px; padding: 14px; }
.sgb-lab-hint { margin: 0; color: var(--sgb-dim); line-height: 1.5; }
.sgb-lab-section { padding: 12px 14px; border-bottom: 1px solid var(--sgb-line); }
.sgb-lab-section:last-child { border-bottom: 0; }
.sgb-lab-section h3 { display: flex; justify-content: space-between; align-items: baseline; margin: 0 0 6px; color: var(--sgb-text); font: 600 11px/1.4 var(--sgb-ui-font); letter-spacing: 0.02em; }
.sgb-lab-section h3 .sgb-lab-words { font-weight: 400; letter-spacing: 0; }
.sgb-lab-rate { display: flex; align-items: baseline; gap: 8px; }
.sgb-lab-rate b { color: var(--sgb-o-cached); font-size: 28px; font-weight: 600; line-height: 1.1; font-variant-numeric: tabular-nums; }
.sgb-lab-rate span { color: var(--sgb-text); }
.sgb-lab-words { margin: 4px 0 0; color: var(--sgb-dim); font-variant-numeric: tabular-nums; }
.sgb-lab-bar { display: flex; gap: 1px; height: 8px; border-radius: 4px; overflow: hidden; background: var(--sgb-none-fill); }
.sgb-lab-part { flex: 0 0 0; min-width: 0; transition: flex-grow 0.25s ease-out; }
.sgb-lab-part-used { background: var(--sgb-locked) repeating-linear-gradient(135deg, transparent 0 4px, color-mix(in srgb, var(--sgb-surface) 35%, transparent) 4px 6px); }
.sgb-lab-part-cached { background: var(--sgb-cached); }
.sgb-lab-part-free { background: var(--sgb-none-fill); }
.sgb-lab-keys { display: flex; flex-wrap: wrap; gap: 2px 12px; margin-top: 6px; color: var(--sgb-dim); font-size: 11px; font-variant-numeric: tabular-nums; }
.sgb-lab-keys span { white-space: pre; }
.sgb-lab-keys b { color: var(--sgb-text); font-weight: 600; }
.sgb-lab-swatch { display: inline-block; width: 9px; height: 9px; margin-right: 5px; border-radius: 3px; vertical-align: -0.5px; }
.sgb-lab-swatch.sgb-lab-part-free { border: 1px solid var(--sgb-none-edge); }
.sgb-lab-figures { display: grid; grid-template-columns: repeat(3, 1fr); gap: 8px; }
.sgb-lab-figure { display: flex; flex-direction: column; }
.sgb-lab-figure b { font-size: 16px; font-weight: 600; line-height: 1.25; font-variant-numeric: tabular-nums; }
.sgb-lab-figure span { color: var(--sgb-dim); font-size: 11px; }
.sgb-lab-on b { color: var(--sgb-o-decoded); }

.sgb-lab-tree { display: grid; grid-template-columns: minmax(0, 1fr); gap: 2px; }
.sgb-lab-node { position: relative; display: flex; align-items: center; gap: 5px; height: 20px; margin-left: calc(min(var(--sgb-depth), 8) * 12px); padding: 0 6px; border-left: 2px solid var(--sgb-none-edge); border-radius: 0 4px 4px 0; overflow: hidden; cursor: default; }
.sgb-lab-weight { position: absolute; inset: 0 auto 0 0; background: var(--sgb-none-fill); }
.sgb-lab-node > :not(.sgb-lab-weight) { position: relative; }
.sgb-lab-sign { color: var(--sgb-dim); font-weight: 700; }
.sgb-lab-sign:empty { display: none; }
.sgb-lab-text { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font: 11px var(--sgb-code-font); }
.sgb-lab-tokens { color: var(--sgb-dim); font-size: 11px; font-variant-numeric: tabular-nums; }
.sgb-lab-node[data-mark='new'] { border-color: var(--sgb-new-edge); }
.sgb-lab-node[data-mark='new'] .sgb-lab-weight { background: var(--sgb-new-fill); }
.sgb-lab-node[data-mark='new'] .sgb-lab-sign { color: var(--sgb-new-edge); }
.sgb-lab-node[data-mark='accessed'] { border-color: var(--sgb-hit-edge); }
.sgb-lab-node[data-mark='accessed'] .sgb-lab-weight { background: var(--sgb-hit-fill); }
.sgb-lab-node[data-mark='accessed'] .sgb-lab-sign { color: var(--sgb-hit-edge); font-size: 9px; }
.sgb-lab-locked { border-color: var(--sgb-locked) !important; }
.sgb-lab-counted { border-style: dashed; }
.sgb-lab-counted .sgb-lab-text { color: var(--sgb-dim); font-style: italic; font-family: var(--sgb-ui-font); }

.sgb-lab-status { height: 100%; padding: 0 6px; border: 0; background: none; color: inherit; font: inherit; font-variant-numeric: tabular-nums; white-space: nowrap; cursor: pointer; }
.sgb-lab-status:hover { background: var(--jp-layout-color3); }
`,""]),r.d(a,{},{A:n})},154(e,a,r){var t=r(601),s=r.n(t),o=r(314),n=(r.n(o))()(s());n.push([e.id,`/* The viewer of traces: the head and the player's controls stay, the panels between them scroll. */

.sgb-lab-viewer { padding: 8px; overflow: hidden; background: var(--jp-layout-color0); }
.sgb-lab-viewer > .sgb-root { display: flex; flex-direction: column; height: 100%; margin: 0; }
.sgb-lab-viewer > .sgb-root > * { flex: none; }
.sgb-lab-viewer > .sgb-root > .sgb-grid { flex: 1; min-height: 0; overflow-y: auto; grid-auto-rows: max-content; }
.sgb-lab-notice { margin: 0; padding: 24px; color: var(--jp-ui-font-color2); font: 13px var(--jp-ui-font-family); text-align: center; }
.sgb-lab-failed { color: var(--jp-error-color1); }
`,""]),r.d(a,{},{A:n})},314(e){e.exports=function(e){var a=[];return a.toString=function(){return this.map(function(a){var r="",t=void 0!==a[5];return a[4]&&(r+="@supports (".concat(a[4],") {")),a[2]&&(r+="@media ".concat(a[2]," {")),t&&(r+="@layer".concat(a[5].length>0?" ".concat(a[5]):""," {")),r+=e(a),t&&(r+="}"),a[2]&&(r+="}"),a[4]&&(r+="}"),r}).join("")},a.i=function(e,r,t,s,o){"string"==typeof e&&(e=[[null,e,void 0]]);var n={};if(t)for(var i=0;i<this.length;i++){var l=this[i][0];null!=l&&(n[l]=!0)}for(var g=0;g<e.length;g++){var b=[].concat(e[g]);t&&n[b[0]]||(void 0!==o&&(void 0===b[5]||(b[1]="@layer".concat(b[5].length>0?" ".concat(b[5]):""," {").concat(b[1],"}")),b[5]=o),r&&(b[2]&&(b[1]="@media ".concat(b[2]," {").concat(b[1],"}")),b[2]=r),s&&(b[4]?(b[1]="@supports (".concat(b[4],") {").concat(b[1],"}"),b[4]=s):b[4]="".concat(s)),a.push(b))}},a}},601(e){e.exports=function(e){return e[1]}},72(e){var a=[];function r(e){for(var r=-1,t=0;t<a.length;t++)if(a[t].identifier===e){r=t;break}return r}function t(e,t){for(var s={},o=[],n=0;n<e.length;n++){var i=e[n],l=t.base?i[0]+t.base:i[0],g=s[l]||0,b="".concat(l," ").concat(g);s[l]=g+1;var d=r(b),c={css:i[1],media:i[2],sourceMap:i[3],supports:i[4],layer:i[5]};if(-1!==d)a[d].references++,a[d].updater(c);else{var p=function(e,a){var r=a.domAPI(a);return r.update(e),function(a){a?(a.css!==e.css||a.media!==e.media||a.sourceMap!==e.sourceMap||a.supports!==e.supports||a.layer!==e.layer)&&r.update(e=a):r.remove()}}(c,t);t.byIndex=n,a.splice(n,0,{identifier:b,updater:p,references:1})}o.push(b)}return o}e.exports=function(e,s){var o=t(e=e||[],s=s||{});return function(e){e=e||[];for(var n=0;n<o.length;n++){var i=r(o[n]);a[i].references--}for(var l=t(e,s),g=0;g<o.length;g++){var b=r(o[g]);0===a[b].references&&(a[b].updater(),a.splice(b,1))}o=l}}},659(e){var a={};e.exports=function(e,r){var t=function(e){if(void 0===a[e]){var r=document.querySelector(e);if(window.HTMLIFrameElement&&r instanceof window.HTMLIFrameElement)try{r=r.contentDocument.head}catch(e){r=null}a[e]=r}return a[e]}(e);if(!t)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");t.appendChild(r)}},540(e){e.exports=function(e){var a=document.createElement("style");return e.setAttributes(a,e.attributes),e.insert(a,e.options),a}},56(e,a,r){e.exports=function(e){var a=r.nc;a&&e.setAttribute("nonce",a)}},206(e){e.exports=function(e){if("u"<typeof document)return{update:function(){},remove:function(){}};var a=e.insertStyleElement(e);return{update:function(r){var t,s,o;t="",r.supports&&(t+="@supports (".concat(r.supports,") {")),r.media&&(t+="@media ".concat(r.media," {")),(s=void 0!==r.layer)&&(t+="@layer".concat(r.layer.length>0?" ".concat(r.layer):""," {")),t+=r.css,s&&(t+="}"),r.media&&(t+="}"),r.supports&&(t+="}"),(o=r.sourceMap)&&"u">typeof btoa&&(t+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(o))))," */")),e.styleTagTransform(t,a,e.options)},remove:function(){var e;null===(e=a).parentNode||e.parentNode.removeChild(e)}}}},113(e){e.exports=function(e,a){if(a.styleSheet)a.styleSheet.cssText=e;else{for(;a.firstChild;)a.removeChild(a.firstChild);a.appendChild(document.createTextNode(e))}}},959(e,a,r){var t=r(72),s=r.n(t),o=r(206),n=r.n(o),i=r(659),l=r.n(i),g=r(56),b=r.n(g),d=r(540),c=r.n(d),p=r(113),u=r.n(p),f=r(646),h={};h.styleTagTransform=u(),h.setAttributes=b(),h.insert=l().bind(null,"head"),h.domAPI=n(),h.insertStyleElement=c(),s()(f.A,h),f.A&&f.A.locals&&f.A.locals}}]);