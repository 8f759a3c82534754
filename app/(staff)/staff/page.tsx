import { redirect } from "next/navigation";
import { paths } from "../../_lib/paths";

export default function StaffPage() {
  redirect(paths.staff.tenants);
}
