"use client";

import { type ReactNode, useId, useState } from "react";
import { Button } from "./button";
import { Callout } from "./callout";
import { Dialog } from "./dialog";
import { Input } from "./input";
import { readServerError } from "./server-error";

interface ConfirmDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: ReactNode;
  /** What will happen, to whom, and whether it can be undone. */
  description: ReactNode;
  /** The verb: "Revoke access", never "OK". */
  confirmLabel: string;
  tone?: "danger" | "primary";
  /** What must be typed first, such as the account's name: for what cannot be undone. */
  typeToConfirm?: string;
  /** The dialog closes when it resolves; when it throws, it says why and stays. */
  onConfirm: () => unknown;
  children?: ReactNode;
}

export function ConfirmDialog(props: ConfirmDialogProps) {
  const {
    open,
    onOpenChange,
    title,
    description,
    confirmLabel,
    tone = "danger",
    typeToConfirm,
    onConfirm,
    children,
  } = props;
  const formId = useId();
  const [typed, setTyped] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const isReady = typeToConfirm === undefined || typed.trim() === typeToConfirm;
  const change = (next: boolean) => {
    if (isBusy) return;
    setTyped("");
    setProblem(undefined);
    onOpenChange(next);
  };
  const confirm = async () => {
    if (!isReady || isBusy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await onConfirm();
      setTyped("");
      onOpenChange(false);
    } catch (error) {
      setProblem(readServerError(error).message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      role="alertdialog"
      open={open}
      onOpenChange={change}
      title={title}
      description={description}
      footer={
        <>
          <Button
            type="submit"
            form={formId}
            variant={tone}
            loading={isBusy}
            disabledReason={!isReady && `Type “${typeToConfirm}” first`}
          >
            {confirmLabel}
          </Button>
          <Button onClick={() => change(false)}>Cancel</Button>
        </>
      }
    >
      <form
        id={formId}
        className="flex flex-col gap-3 empty:hidden"
        onSubmit={(event) => {
          event.preventDefault();
          event.stopPropagation();
          void confirm();
        }}
      >
        {children}
        {typeToConfirm !== undefined && (
          <div className="flex flex-col gap-1.5">
            <label htmlFor={`${formId}-typed`} className="text-sm text-muted">
              Type <span className="font-mono text-ink select-all">{typeToConfirm}</span> to confirm
            </label>
            <Input
              id={`${formId}-typed`}
              value={typed}
              onValueChange={setTyped}
              autoComplete="off"
              spellCheck={false}
            />
          </div>
        )}
        {problem && (
          <Callout tone="bad" role="alert">
            {problem}
          </Callout>
        )}
      </form>
    </Dialog>
  );
}
