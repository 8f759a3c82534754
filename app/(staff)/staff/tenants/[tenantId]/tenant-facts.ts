import type { Api } from "../../../../_lib/api-types";

export type TenantFacts = Api["tenants"]["get"];
