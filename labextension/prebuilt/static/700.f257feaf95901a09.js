"use strict";(self.rspackChunksgbench_lab=self.rspackChunksgbench_lab||[]).push([[700],{634(e,a,t){var r=t(601),s=t.n(r),n=t(314),o=(t.n(n))()(s());o.push([e.id,`/* %%sgl cells: what the model writes is underlined in the colour that its text has in the output. */

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
`,""]),t.d(a,{},{A:o})},646(e,a,t){var r=t(601),s=t.n(r),n=t(314),o=t.n(n),i=t(724),l=t(634),g=t(154),b=o()(s());b.i(i.A),b.i(l.A),b.i(g.A),b.push([e.id,`
`,""]),t.d(a,{},{A:b})},724(e,a,t){var r=t(601),s=t.n(r),n=t(314),o=(t.n(n))()(s());o.push([e.id,`/* The side panel and the status bar's item. Colours are the widgets'. */

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
`,""]),t.d(a,{},{A:o})},154(e,a,t){var r=t(601),s=t.n(r),n=t(314),o=(t.n(n))()(s());o.push([e.id,"",""]),t.d(a,{},{A:o})},314(e){e.exports=function(e){var a=[];return a.toString=function(){return this.map(function(a){var t="",r=void 0!==a[5];return a[4]&&(t+="@supports (".concat(a[4],") {")),a[2]&&(t+="@media ".concat(a[2]," {")),r&&(t+="@layer".concat(a[5].length>0?" ".concat(a[5]):""," {")),t+=e(a),r&&(t+="}"),a[2]&&(t+="}"),a[4]&&(t+="}"),t}).join("")},a.i=function(e,t,r,s,n){"string"==typeof e&&(e=[[null,e,void 0]]);var o={};if(r)for(var i=0;i<this.length;i++){var l=this[i][0];null!=l&&(o[l]=!0)}for(var g=0;g<e.length;g++){var b=[].concat(e[g]);r&&o[b[0]]||(void 0!==n&&(void 0===b[5]||(b[1]="@layer".concat(b[5].length>0?" ".concat(b[5]):""," {").concat(b[1],"}")),b[5]=n),t&&(b[2]&&(b[1]="@media ".concat(b[2]," {").concat(b[1],"}")),b[2]=t),s&&(b[4]?(b[1]="@supports (".concat(b[4],") {").concat(b[1],"}"),b[4]=s):b[4]="".concat(s)),a.push(b))}},a}},601(e){e.exports=function(e){return e[1]}},72(e){var a=[];function t(e){for(var t=-1,r=0;r<a.length;r++)if(a[r].identifier===e){t=r;break}return t}function r(e,r){for(var s={},n=[],o=0;o<e.length;o++){var i=e[o],l=r.base?i[0]+r.base:i[0],g=s[l]||0,b="".concat(l," ").concat(g);s[l]=g+1;var d=t(b),c={css:i[1],media:i[2],sourceMap:i[3],supports:i[4],layer:i[5]};if(-1!==d)a[d].references++,a[d].updater(c);else{var p=function(e,a){var t=a.domAPI(a);return t.update(e),function(a){a?(a.css!==e.css||a.media!==e.media||a.sourceMap!==e.sourceMap||a.supports!==e.supports||a.layer!==e.layer)&&t.update(e=a):t.remove()}}(c,r);r.byIndex=o,a.splice(o,0,{identifier:b,updater:p,references:1})}n.push(b)}return n}e.exports=function(e,s){var n=r(e=e||[],s=s||{});return function(e){e=e||[];for(var o=0;o<n.length;o++){var i=t(n[o]);a[i].references--}for(var l=r(e,s),g=0;g<n.length;g++){var b=t(n[g]);0===a[b].references&&(a[b].updater(),a.splice(b,1))}n=l}}},659(e){var a={};e.exports=function(e,t){var r=function(e){if(void 0===a[e]){var t=document.querySelector(e);if(window.HTMLIFrameElement&&t instanceof window.HTMLIFrameElement)try{t=t.contentDocument.head}catch(e){t=null}a[e]=t}return a[e]}(e);if(!r)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");r.appendChild(t)}},540(e){e.exports=function(e){var a=document.createElement("style");return e.setAttributes(a,e.attributes),e.insert(a,e.options),a}},56(e,a,t){e.exports=function(e){var a=t.nc;a&&e.setAttribute("nonce",a)}},206(e){e.exports=function(e){if("u"<typeof document)return{update:function(){},remove:function(){}};var a=e.insertStyleElement(e);return{update:function(t){var r,s,n;r="",t.supports&&(r+="@supports (".concat(t.supports,") {")),t.media&&(r+="@media ".concat(t.media," {")),(s=void 0!==t.layer)&&(r+="@layer".concat(t.layer.length>0?" ".concat(t.layer):""," {")),r+=t.css,s&&(r+="}"),t.media&&(r+="}"),t.supports&&(r+="}"),(n=t.sourceMap)&&"u">typeof btoa&&(r+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(n))))," */")),e.styleTagTransform(r,a,e.options)},remove:function(){var e;null===(e=a).parentNode||e.parentNode.removeChild(e)}}}},113(e){e.exports=function(e,a){if(a.styleSheet)a.styleSheet.cssText=e;else{for(;a.firstChild;)a.removeChild(a.firstChild);a.appendChild(document.createTextNode(e))}}},959(e,a,t){var r=t(72),s=t.n(r),n=t(206),o=t.n(n),i=t(659),l=t.n(i),g=t(56),b=t.n(g),d=t(540),c=t.n(d),p=t(113),u=t.n(p),f=t(646),h={};h.styleTagTransform=u(),h.setAttributes=b(),h.insert=l().bind(null,"head"),h.domAPI=o(),h.insertStyleElement=c(),s()(f.A,h),f.A&&f.A.locals&&f.A.locals}}]);