// The widgets' own modules (sgbench/widgets/js) are plain ES modules that node tests as they are; this is what we use of them.

declare module '*/widgets/js/shell.js' {
  export class Shell {
    constructor(store: object, host: HTMLElement, spec: { name: string; title: string; make: (shell: Shell) => object[] });
    store: { model: { get(name: string): unknown } };
    root: HTMLElement;
    touch(): void;
    dispose(): void;
  }
}

declare module '*/widgets/js/store.js' {
  export class Store {
    constructor(model: object);
    player: { length: number };
    dispose(): void;
  }
}

declare module '*/widgets/js/pool.js' {
  export class Pool {
    element: HTMLElement;
    refresh(player: { gauges: number[] }): void;
  }
}

declare module '*/widgets/js/tree_panel.js' {
  import { Shell } from '*/widgets/js/shell.js';
  export class TreePanel {
    constructor(shell: Shell, height: number);
  }
}

declare module '*/widgets/js/stats_panel.js' {
  export class StatsPanel {
    constructor(shell: object, height: number);
  }
}

declare module '*/widgets/js/timeline_panel.js' {
  export class TimelinePanel {
    constructor(shell: object, height: number);
  }
}

declare module '*/widgets/js/tokens_panel.js' {
  export class TokensPanel {
    constructor(shell: object, height: number);
  }
}

declare module '*.css';
