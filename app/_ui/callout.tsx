import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { cn } from "./cn";
import { type Tone, textTone } from "./tone";

interface CalloutProps extends Omit<ComponentProps<"div">, "title"> {
  tone?: Tone;
  title?: ReactNode;
  action?: ReactNode;
}

/** A remark that belongs to what stands around it. */
export function Callout({ tone = "info", title, action, className, children, ...rest }: CalloutProps) {
  const Icon = icons[tone];
  return (
    <div {...rest} className={cn("flex items-start gap-2.5 rounded-lg border px-3 py-2.5", grounds[tone], className)}>
      <Icon aria-hidden className={cn("mt-0.5 size-4 shrink-0", textTone[tone])} />
      <div className="min-w-0 flex-1 text-sm text-ink">
        {title && <p className="font-medium">{title}</p>}
        {children && <div className={cn(Boolean(title) && "text-muted")}>{children}</div>}
      </div>
      {action}
    </div>
  );
}

const icons = {
  ok: CircleCheck,
  warn: TriangleAlert,
  bad: CircleAlert,
  info: Info,
  neutral: Info,
  brand: Info,
} satisfies Record<Tone, unknown>;

const grounds: Record<Tone, string> = {
  ok: "border-ok/30 bg-ok-soft",
  warn: "border-warn/40 bg-warn-soft",
  bad: "border-bad/30 bg-bad-soft",
  info: "border-info/30 bg-info-soft",
  neutral: "bg-sunken",
  brand: "border-brand/30 bg-brand-soft",
};
