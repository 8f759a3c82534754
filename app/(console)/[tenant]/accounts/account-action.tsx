"use client";

import { KeyRound, Mail, Trash2, UserRoundCheck } from "lucide-react";
import { BlockHolder } from "../../../_blocks/block-holder";
import { cutItems } from "../../../_blocks/cut-items";
import { UnblockHolder } from "../../../_blocks/unblock-holder";
import type { MenuEntry } from "../../../_ui/dropdown-menu";
import { type Tenant, useTenant } from "../../_lib/use-tenant";
import { DisconnectSession } from "../sessions/disconnect-session";
import { DeleteAccount } from "./delete-account";
import { ResetPassword } from "./reset-password";
import { RestoreAccount } from "./restore-account";
import { RevokeAccount } from "./revoke-account";
import { SendAccountLink } from "./send-account-link";

export type AccountActionName = "disconnect" | "block" | "unblock" | "revoke" | "restore" | "reset" | "link" | "delete";

interface AccountActionProps {
  name: AccountActionName;
  account: {
    id: string;
    name: string;
    email: string;
    mustChangePassword: boolean;
    lastSession: { id: string } | null;
  };
  onClose: () => void;
  /** Where the account was shown by itself. */
  onDeleted?: () => void;
}

/** The dialog of what is being done to an account. */
export function AccountAction({ name, account, onClose, onDeleted }: AccountActionProps) {
  const { tenantId } = useTenant();
  const holder = { kind: "account", id: account.id, name: account.name } as const;
  if (name === "disconnect" && account.lastSession) {
    const session = { id: account.lastSession.id, accountId: account.id, accountName: account.name };
    return <DisconnectSession session={{ ...session, deviceId: null, deviceName: null }} onClose={onClose} />;
  }
  if (name === "block") return <BlockHolder tenantId={tenantId} holder={holder} onClose={onClose} />;
  if (name === "unblock") return <UnblockHolder tenantId={tenantId} holder={holder} onClose={onClose} />;
  if (name === "revoke") return <RevokeAccount account={account} onClose={onClose} />;
  if (name === "restore") return <RestoreAccount account={account} onClose={onClose} />;
  if (name === "reset") return <ResetPassword account={account} onClose={onClose} />;
  if (name === "link") return <SendAccountLink account={account} onClose={onClose} />;
  return <DeleteAccount account={account} onClose={onClose} onDeleted={onDeleted} />;
}

/** What can be done to an account in its present state, by whom. */
export function accountActions(
  account: { state: "active" | "revoked"; hold: object | null; isOnline: boolean },
  { whyNot }: Tenant,
  choose: (name: AccountActionName) => void,
): MenuEntry[] {
  const isRevoked = account.state === "revoked";
  const refused = whyNot("accounts:write");
  return [
    {
      label: "Send a link to set a password…",
      icon: <Mail aria-hidden />,
      disabledReason: refused ?? (isRevoked ? "Restore the access first." : null),
      onSelect: () => choose("link"),
    },
    {
      label: "Reset password…",
      icon: <KeyRound aria-hidden />,
      disabledReason: refused ?? (isRevoked ? "Restore the access first." : null),
      onSelect: () => choose("reset"),
    },
    ...cutItems("account", {
      disconnect: account.isOnline
        ? { disabledReason: whyNot("sessions:write"), onSelect: () => choose("disconnect") }
        : null,
      block: {
        disabledReason: whyNot("holds:write") ?? (isRevoked ? "Their access is revoked already." : null),
        onSelect: () => choose("block"),
      },
      unblock: account.hold && { disabledReason: whyNot("holds:write"), onSelect: () => choose("unblock") },
      revoke: isRevoked ? null : { disabledReason: refused, onSelect: () => choose("revoke") },
    }),
    isRevoked && {
      label: "Restore access…",
      icon: <UserRoundCheck aria-hidden />,
      disabledReason: refused,
      onSelect: () => choose("restore"),
    },
    {
      label: "Delete…",
      icon: <Trash2 aria-hidden />,
      tone: "danger",
      disabledReason: refused,
      onSelect: () => choose("delete"),
    },
  ];
}
