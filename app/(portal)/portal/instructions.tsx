"use client";

import type { ReactNode } from "react";
import type { Api } from "../../_lib/api-types";
import { Card } from "../../_ui/card";
import { CodeBlock } from "../../_ui/code-block";
import { Tabs } from "../../_ui/tabs";

/** What to do with the file, for each kind of machine, with a client that anybody can get. */
export function Instructions({ profile }: { profile: Api["portal"]["profile"] }) {
  const { fileName: file } = profile;
  /** What NetworkManager calls it. */
  const connection = file.replace(/\.ovpn$/, "");
  const ask = <Ask email={profile.email} />;
  return (
    <Card title="Connect">
      <Tabs
        param="on"
        tabs={[
          {
            value: "windows",
            label: "Windows",
            content: (
              <Do
                steps={[
                  <>Install “OpenVPN Community” (its tray program is called OpenVPN GUI) or “OpenVPN Connect”.</>,
                  <>
                    Right-click its icon beside the clock, choose Import, Import file, and pick <File name={file} />.
                  </>,
                  <>Choose Connect. {ask}</>,
                ]}
              />
            ),
          },
          {
            value: "macos",
            label: "macOS",
            content: (
              <Do
                steps={[
                  <>Install “Tunnelblick” or “OpenVPN Connect”.</>,
                  <>
                    Drag <File name={file} /> onto its icon in the menu bar, and let it be installed for you only.
                  </>,
                  <>Choose Connect. {ask}</>,
                ]}
              />
            ),
          },
          {
            value: "linux",
            label: "Linux",
            content: (
              <>
                <Do steps={[<>Install openvpn from your distribution, 2.5 or newer.</>, <>Connect. {ask}</>]} />
                <CodeBlock className="mt-3" title="terminal" code={`sudo openvpn --config ${file}`} />
                <p className="mt-3 mb-2 text-muted">Or keep it in NetworkManager, with its plugin for OpenVPN:</p>
                <CodeBlock
                  title="terminal"
                  code={[
                    `nmcli connection import type openvpn file ${file}`,
                    // Without never-default it would take everything into the tunnel, as only what is reached is to be.
                    `nmcli connection modify ${connection} ipv4.never-default yes ipv6.never-default yes +vpn.data username=${profile.email}`,
                    `nmcli --ask connection up ${connection}`,
                  ].join("\n")}
                />
              </>
            ),
          },
          {
            value: "ios",
            label: "iPhone, iPad",
            content: (
              <Do
                steps={[
                  <>Install “OpenVPN Connect” from the App Store.</>,
                  <>
                    Open this page there and download the profile; in Files, hold <File name={file} />, choose Share and
                    OpenVPN.
                  </>,
                  <>Choose Add, then turn the switch on. {ask}</>,
                ]}
              />
            ),
          },
          {
            value: "android",
            label: "Android",
            content: (
              <Do
                steps={[
                  <>Install “OpenVPN Connect” or “OpenVPN for Android” from the store.</>,
                  <>
                    Open this page there and download the profile; in the client choose Import, File, and pick{" "}
                    <File name={file} />.
                  </>,
                  <>Connect. {ask}</>,
                ]}
              />
            ),
          },
        ]}
      />
    </Card>
  );
}

function Do({ steps }: { steps: readonly ReactNode[] }) {
  return (
    <ol className="flex list-decimal flex-col gap-1.5 pl-5 text-ink marker:text-faint">
      {steps.map((step, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the steps never move
        <li key={index}>{step}</li>
      ))}
    </ol>
  );
}

function Ask({ email }: { email: string }) {
  return (
    <>
      The user name is your email, <span className="font-medium wrap-anywhere">{email}</span>, and the password is the
      one that you sign in with here.
    </>
  );
}

function File({ name }: { name: string }) {
  return <span className="font-mono text-xs wrap-anywhere">{name}</span>;
}
