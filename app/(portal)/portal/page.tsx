import { MyProfile } from "./my-profile";

export default function PortalPage() {
  return <MyProfile />;
}
