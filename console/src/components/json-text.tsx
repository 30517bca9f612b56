const most = 200_000;

/** A value as indented JSON. */
export function JsonText({ value, label }: { readonly value: unknown; readonly label: string }) {
  const text = JSON.stringify(value, null, 2) ?? '';
  return (
    <pre class="json" tabIndex={0} role="region" aria-label={label}>
      {text.length <= most ? text : `${text.slice(0, most)}\n… ${text.length - most} more characters`}
    </pre>
  );
}
