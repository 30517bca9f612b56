import { options, type VNode } from 'preact';
import { visible } from './logs/safe-text.ts';

/** Attributes that a browser shows or reads out. */
const shown = ['title', 'aria-label'] as const;

/** Letters that are written from right to left, by the blocks that Unicode keeps for them. */
const fromTheRight = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/**
 * Text that is written from right to left between FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE: it reads as it
 * should, and what stands beside it keeps its place.
 */
function isolated(text: string): string {
  return fromTheRight.test(text) ? `\u2068${text}\u2069` : text;
}

/**
 * Has all text that is drawn go through `visible`: names, messages and triggers are strangers' words as much as logs
 * are, and none of them may change the order of what stands beside it. Values themselves stay as they are, so that a
 * retry sends what the run had.
 */
export function drawTextVisibly(): void {
  const before = options.vnode?.bind(options);
  options.vnode = (vnode) => {
    clean(vnode as VNode<unknown> | VNodeOfText);
    before?.(vnode);
  };
}

/** How Preact holds a text between elements: without a type, and the text in place of properties. */
interface VNodeOfText {
  readonly type: null;
  props: unknown;
}

function clean(vnode: VNode<unknown> | VNodeOfText): void {
  if (typeof vnode.props === 'string') vnode.props = isolated(visible(vnode.props));
  else if (typeof vnode.type === 'string') {
    const props = vnode.props as Record<string, unknown>;
    for (const name of shown) if (typeof props[name] === 'string') props[name] = visible(props[name]);
  }
}
