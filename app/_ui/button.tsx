"use client";

import type { ComponentProps, MouseEvent, ReactNode } from "react";
import { type ButtonSize, type ButtonVariant, buttonStyle } from "./button-style";
import { Spinner } from "./spinner";
import { Tooltip } from "./tooltip";

export interface ButtonProps extends Omit<ComponentProps<"button">, "disabled"> {
  variant?: ButtonVariant;
  size?: ButtonSize;
  icon?: ReactNode;
  /** Shows a spinner and takes no clicks, but keeps its place and its focus. */
  loading?: boolean;
  disabled?: boolean;
  /** Disables the button and tells why, on hover and to screen readers. Prefer it to `disabled`. */
  disabledReason?: string | false | null;
  /** A tooltip, for icon buttons mostly; those also need an `aria-label`. */
  tooltip?: ReactNode;
}

/** It stays focusable when disabled (aria-disabled, not disabled), or nobody could reach the reason by keyboard. */
export function Button({
  variant,
  size,
  icon,
  loading = false,
  disabled = false,
  disabledReason,
  tooltip,
  className,
  children,
  onClick,
  type = "button",
  ...rest
}: ButtonProps) {
  const isInert = disabled || loading || Boolean(disabledReason);
  const press = (event: MouseEvent<HTMLButtonElement>) => {
    if (isInert) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    onClick?.(event);
  };
  return (
    <Tooltip content={disabledReason || tooltip}>
      <button
        {...rest}
        type={type}
        aria-disabled={isInert || undefined}
        aria-busy={loading || undefined}
        aria-description={disabledReason || rest["aria-description"]}
        className={buttonStyle(variant, size, className)}
        onClick={press}
      >
        {loading ? <Spinner /> : icon}
        {children}
      </button>
    </Tooltip>
  );
}
