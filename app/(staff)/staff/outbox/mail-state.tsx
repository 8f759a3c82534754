import { Status } from "../../../_ui/status-dot";

interface MailStateProps {
  mail: { sentAt: Date | null; attempts: number; error: string | null };
}

export function MailState({ mail }: MailStateProps) {
  if (mail.sentAt) return <Status tone="ok">Sent</Status>;
  if (mail.error) return <Status tone="bad">Failed, tried {mail.attempts}×</Status>;
  return <Status tone="neutral">Kept here</Status>;
}
