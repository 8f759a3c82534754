import { Compass } from "lucide-react";
import { paths } from "./_lib/paths";
import { EmptyState } from "./_ui/empty-state";
import { LinkButton } from "./_ui/link-button";
import { Logo } from "./_ui/logo";

export default function NotFound() {
  return (
    <main className="flex min-h-dvh flex-col items-center justify-center px-4">
      <Logo />
      <EmptyState
        icon={<Compass aria-hidden />}
        title="There is nothing here"
        action={
          <LinkButton href={paths.home} variant="primary">
            Go to the start
          </LinkButton>
        }
      >
        The page does not exist, or it is not yours to see.
      </EmptyState>
    </main>
  );
}
