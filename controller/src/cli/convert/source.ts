/** Files that are not manifests yet, or are written as no YAML file is: templates, JSON one after the other. */
import { matchesIn } from './text.ts';

/** What to do with a template. */
export const toFillIn = 'render the template first (helm template, envsubst), and convert what it prints';

/** Where templates of Helm have more than values: `{{ if`, `{{- include`, `{{ .Values`. */
const directive =
  /\{\{-?\s*(?:\.|\$|\/\*|(?:if|else|end|with|range|include|template|define|toYaml|tpl|printf|quote|default)\b)/;

/** A value that begins with a placeholder, and has no quotes. */
const bare = /^[^#\n]*[:-] +\{\{/m;

/** What is wrong with a text that is no YAML, with what to do if it is a template. */
export function whyUnread(error: string, text: string): string {
  const [first = error] = error.split('\n');
  if (directive.test(text)) return `it is a template: ${toFillIn} (${first.replace(/:$/, '')})`;
  return bare.test(text) ? `${error}; {{ begins a map: put the text in quotes, or ${toFillIn}` : error;
}

const ofHelm = /\{\{[^{}]*(?:\.(?:Values|Release|Chart|Capabilities|Files)\b|\b(?:include|template|tpl)\s)[^{}]*\}\}/g;

/** A sentence for each text that nobody can have meant. */
export function unreadable(spec: unknown): readonly string[] {
  return [
    ...matchesIn(spec, ofHelm).map((text) => `${text} is not filled in: ${toFillIn}`),
    ...matchesIn(spec, /\uFFFD/g).map(
      (text) => `the character ${text} stands where a text is not UTF-8: save the file as UTF-8`,
    ),
  ];
}

/** `kubectl get -o json | jq .items[]` prints objects one after the other, with nothing between them. */
export function withSeparators(text: string): string {
  if (!/^\uFEFF?\s*\{/.test(text)) return text;
  const objects = text.split(/(?<=^\}|\})[ \t]*\r?\n(?=\{)/m);
  return objects.length > 1 && objects.every(isJson) ? objects.join('\n---\n') : text;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text.replace(/^\uFEFF/, ''));
    return true;
  } catch {
    return false;
  }
}
