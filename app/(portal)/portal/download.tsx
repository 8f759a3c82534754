"use client";

import { Download as DownloadIcon } from "lucide-react";
import type { Api } from "../../_lib/api-types";
import { Button } from "../../_ui/button";
import { Callout } from "../../_ui/callout";
import { Card } from "../../_ui/card";
import { Steps } from "../../_ui/steps";
import { downloadSteps, type useDownload } from "./use-download";

interface DownloadProps {
  profile: Api["portal"]["profile"];
  download: ReturnType<typeof useDownload>;
}

/** A new profile, and what became of the one that was asked for last. */
export function Download({ profile, download }: DownloadProps) {
  const { start, step, saved, problem, isBusy, saveAgain } = download;
  const isAgain = !saved && profile.certificates.some((certificate) => !certificate.revoked);
  return (
    <Card title={isAgain ? "Another profile" : "Your profile"} id="download">
      <div className="flex flex-col gap-4">
        <p className="text-muted">
          {isAgain
            ? "You have one already. Download another for another computer or phone; the five newest work."
            : "One file with all that a VPN client needs. Its private key is made in this browser and is only in the file: we never have it."}
        </p>
        <p className="text-muted">
          It needs OpenVPN 2.5 or newer, or OpenVPN Connect 3.{" "}
          {profile.takesOldClients
            ? "For OpenVPN 2.4 and routers that know no tls-crypt-v2 there is one of its own: all who have such a file share one of its keys, so use it only there."
            : "OpenVPN 2.4 and routers that know no tls-crypt-v2 cannot use it."}{" "}
          Only the devices that you may reach go through the tunnel. Should something at home have the address of one of
          them, you reach the device instead while you are connected.
        </p>
        {step !== undefined && <Steps steps={downloadSteps} current={step} />}
        {problem && (
          <Callout tone="bad" role="alert" title="No profile was made">
            {problem}
          </Callout>
        )}
        {saved && (
          <Callout
            tone="ok"
            role="status"
            title={`${saved.name} is saved`}
            action={
              <Button size="sm" onClick={() => saveAgain(saved)}>
                Save again
              </Button>
            }
          >
            {saved.isRenewal
              ? "Put it in the place of the old one in your VPN client and connect. The old one goes on working until then. Do not pass it on: it opens the VPN as you."
              : "Look in your downloads, then follow the steps below. Do not pass it on: it opens the VPN as you."}
          </Callout>
        )}
        <div className="flex flex-wrap gap-2">
          <Button
            variant={saved ? "secondary" : "primary"}
            size="lg"
            icon={<DownloadIcon aria-hidden />}
            loading={isBusy}
            disabledReason={
              profile.gateways.length === 0 && "No gateway is in service yet, so a profile would lead nowhere."
            }
            onClick={() => void start(profile)}
          >
            {saved ? "Download another" : "Download profile"}
          </Button>
          {profile.takesOldClients && (
            <Button
              variant="ghost"
              size="lg"
              disabled={isBusy}
              onClick={() => void start(profile, { isForOldClient: true })}
            >
              For OpenVPN 2.4
            </Button>
          )}
        </div>
      </div>
    </Card>
  );
}
