/** The way to where one is, without the last part, which is the heading. */
export function Breadcrumbs({ links }: { readonly links: readonly (readonly [title: string, href: string])[] }) {
  return (
    <nav class="breadcrumbs" aria-label="Breadcrumbs">
      {links.map(([title, href]) => (
        <a key={href} href={href}>
          {title}
        </a>
      ))}
    </nav>
  );
}
