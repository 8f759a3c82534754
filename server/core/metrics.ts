/**
 * What Prometheus is told by this process. Each domain makes its own metrics beside its code, in this registry; their
 * labels are gateways, jobs, codes and outcomes, which are few; never a tenant or an account, of which there is no end.
 */
import { Registry } from "prom-client";

export const registry = new Registry();
