"use client";

import { Check, ChevronsUpDown } from "lucide-react";
import { Select as Radix } from "radix-ui";
import { cn } from "./cn";
import { controlHeight, controlStyle } from "./control-style";
import { type ControlProps, useFieldControl } from "./field-context";
import type { Option } from "./option";
import { menuItemStyle, popoverStyle } from "./popover-style";

interface SelectProps<Value extends string> extends ControlProps<Value> {
  options: readonly Option<Value>[];
  placeholder?: string;
  className?: string;
}

/** One of a few known choices. For more than about ten, use a combobox. */
export function Select<Value extends string>({
  options,
  placeholder = "Choose…",
  className,
  ...own
}: SelectProps<Value>) {
  const control = useFieldControl<Value, HTMLButtonElement>(own);
  const chosen = options.find((option) => option.value === control.value);
  return (
    <Radix.Root
      value={control.value ?? ""}
      onValueChange={(value) => control.setValue(value as Value)}
      disabled={own.disabled}
    >
      <Radix.Trigger
        ref={control.ref}
        {...control.attributes}
        onBlur={control.onBlur}
        className={cn(
          controlStyle,
          controlHeight,
          "flex items-center justify-between gap-2 text-left data-placeholder:text-faint",
          className,
        )}
      >
        <span className="flex min-w-0 items-center gap-2 truncate [&_svg]:size-4 [&_svg]:shrink-0">
          {chosen?.icon}
          <Radix.Value placeholder={placeholder}>{chosen?.label}</Radix.Value>
        </span>
        <ChevronsUpDown aria-hidden className="size-3.5 shrink-0 text-faint" />
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          position="popper"
          sideOffset={4}
          collisionPadding={8}
          className={cn(popoverStyle, "min-w-(--radix-select-trigger-width)")}
        >
          <Radix.Viewport className="max-h-[min(20rem,var(--radix-select-content-available-height))] p-1">
            {options.map((option) => (
              <Radix.Item
                key={option.value}
                value={option.value}
                disabled={option.disabled}
                className={cn(menuItemStyle, "pr-8")}
              >
                {option.icon}
                <span className="flex min-w-0 flex-col">
                  <Radix.ItemText>{option.label}</Radix.ItemText>
                  {option.detail && <span className="text-xs text-faint">{option.detail}</span>}
                </span>
                <Radix.ItemIndicator className="absolute right-2">
                  <Check aria-hidden className="size-4 text-brand-text" />
                </Radix.ItemIndicator>
              </Radix.Item>
            ))}
          </Radix.Viewport>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
