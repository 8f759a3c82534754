/** The first thing that Tab reaches: past the navigation. */
export function SkipLink() {
  return (
    <a
      href="#main"
      className="fixed top-2 left-2 z-50 -translate-y-16 rounded-md bg-brand px-3 py-2 font-medium text-brand-ink focus:translate-y-0"
    >
      Skip to content
    </a>
  );
}
