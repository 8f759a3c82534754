/** The one look of boxes that hold a value. */
export const controlStyle =
  "w-full min-w-0 scroll-my-12 rounded-md border border-line-control/70 bg-surface px-2.5 text-sm text-ink transition-colors duration-100 placeholder:text-faint hover:border-line-control focus-visible:border-ring focus-visible:outline-1 focus-visible:outline-offset-0 focus-visible:outline-ring disabled:cursor-not-allowed disabled:bg-sunken disabled:text-faint aria-invalid:border-bad aria-invalid:focus-visible:outline-bad";

export const controlHeight = "h-8 pointer-coarse:h-10";
