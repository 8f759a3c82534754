"use client";

import { Eye, EyeOff } from "lucide-react";
import { useState } from "react";
import { Input, type InputProps } from "./input";

/** A password that can be looked at. Give `autoComplete` "current-password" or "new-password". */
export function PasswordInput(props: Omit<InputProps, "type" | "suffix">) {
  const [isShown, setShown] = useState(false);
  return (
    <Input
      {...props}
      type={isShown ? "text" : "password"}
      spellCheck={false}
      autoCapitalize="off"
      suffix={
        <button
          type="button"
          aria-label={isShown ? "Hide password" : "Show password"}
          aria-pressed={isShown}
          onClick={() => setShown(!isShown)}
          className="-mr-1.5 flex size-6 items-center justify-center rounded-sm text-faint hover:text-ink [&_svg]:size-4"
        >
          {isShown ? <EyeOff aria-hidden /> : <Eye aria-hidden />}
        </button>
      }
    />
  );
}
