/** Boxes that float over the page: a border parts them from it, and a shadow only just. */
export const popoverStyle =
  "z-50 overflow-hidden rounded-lg border border-line-strong bg-raised text-sm text-ink shadow-lg shadow-black/5 data-[state=closed]:animate-pop-out data-[state=open]:animate-pop-in dark:shadow-black/30";

export const menuItemStyle =
  "relative flex min-h-8 cursor-default items-center gap-2 rounded-md px-2 py-1 outline-none select-none not-data-[disabled=false]:data-disabled:opacity-50 data-highlighted:bg-hover data-[selected=true]:bg-hover pointer-coarse:min-h-10 [&_svg]:size-4 [&_svg]:shrink-0";

export const menuLabelStyle = "px-2 pt-1.5 pb-1 text-xs text-faint";
