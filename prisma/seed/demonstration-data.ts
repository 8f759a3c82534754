/** Two customers who have nothing in common but their address plan: both number their devices in 10.0.0.0/24. */
import type { PolicyRule } from "../../gateway/protocol/document";

export interface TenantSeed {
  name: string;
  slug: string;
  plan: string;
  homeRegion: string;
  networks: { name: string; cidr: string }[];
  members: { name: string; email: string; role: "admin" | "manager" | "viewer" }[];
  /** Without an address: it dials in by a tunnel of its own. */
  devices: { name: string; address?: string; description: string; group: string }[];
  groups: { name: string; description: string }[];
  accounts: {
    name: string;
    email: string;
    leftBecause?: string;
    keepsTemporaryPassword?: boolean;
    /** kbit/s, as the client sees it. */
    rate?: { down: number; up: number };
    held?: { reason: string; minutes: number };
  }[];
  policies: {
    name: string;
    description: string;
    rules: PolicyRule[];
    groups: string[];
    /** By name. */
    accounts: string[];
    isEnabled?: boolean;
  }[];
  grants: {
    /** By name, as the groups. */
    account: string;
    groups: string[];
    rules: PolicyRule[];
    minutes: number;
    reason: string;
    isEndedEarly?: boolean;
  }[];
  /** What nothing gave, in these days. */
  refused: {
    /** An account's name, or that of a device on a tunnel. */
    from: string;
    /** A device's name, or an address that none has. */
    to: string;
    /** One port, or a ping. */
    rule: PolicyRule;
    packets: number;
    minutesAgo: number;
  }[];
}

const tcp = (from: number, to = from): PolicyRule => ({ protocol: "tcp", from, to });
const udp = (from: number, to = from): PolicyRule => ({ protocol: "udp", from, to });
/** In minutes. */
const day = 24 * 60;
const ping: PolicyRule = { protocol: "icmp", from: null, to: null };

const harbour: TenantSeed = {
  name: "Harbour Cranes",
  slug: "harbour-cranes",
  plan: "Business",
  homeRegion: "fra",
  networks: [{ name: "Terminal", cidr: "10.0.0.0/24" }],
  members: [
    { name: "Greta Solberg", email: "greta@harbour-cranes.example", role: "admin" },
    { name: "Luca Ferri", email: "luca@harbour-cranes.example", role: "manager" },
    { name: "Nadia Osei", email: "nadia@harbour-cranes.example", role: "viewer" },
  ],
  groups: [
    { name: "Crane controllers", description: "PLCs of the quay and yard cranes." },
    { name: "Operator screens", description: "Panels in the crane cabins." },
    { name: "Cameras", description: "Gates and spreaders." },
    { name: "Yard instruments", description: "Weighbridge, weather mast." },
  ],
  devices: [
    {
      name: "Quay crane 1 PLC",
      address: "10.0.0.11",
      description: "Berth A. Hoist and trolley.",
      group: "Crane controllers",
    },
    {
      name: "Quay crane 1 panel",
      address: "10.0.0.12",
      description: "Cabin of quay crane 1.",
      group: "Operator screens",
    },
    {
      name: "Quay crane 2 PLC",
      address: "10.0.0.21",
      description: "Berth B. Hoist and trolley.",
      group: "Crane controllers",
    },
    {
      name: "Quay crane 2 panel",
      address: "10.0.0.22",
      description: "Cabin of quay crane 2.",
      group: "Operator screens",
    },
    {
      name: "Yard crane 7 PLC",
      address: "10.0.0.31",
      description: "Rubber-tyred, block 7.",
      group: "Crane controllers",
    },
    {
      name: "Yard crane 7 panel",
      address: "10.0.0.32",
      description: "Cabin of yard crane 7.",
      group: "Operator screens",
    },
    { name: "Spreader camera 7", address: "10.0.0.33", description: "Looks down on the twistlocks.", group: "Cameras" },
    { name: "Gate camera north", address: "10.0.0.41", description: "Reads container numbers.", group: "Cameras" },
    { name: "Gate camera south", address: "10.0.0.42", description: "Reads container numbers.", group: "Cameras" },
    { name: "Weighbridge", address: "10.0.0.50", description: "Calibrated every spring.", group: "Yard instruments" },
    {
      name: "Weather mast",
      address: "10.0.0.60",
      description: "Stops the cranes above 20 m/s.",
      group: "Yard instruments",
    },
    {
      name: "Floating crane PLC",
      description: "Afloat, so it dials in over the mobile network.",
      group: "Crane controllers",
    },
  ],
  accounts: [
    { name: "Mara Lindqvist", email: "mara@harbour-cranes.example" },
    { name: "Tomas Okafor", email: "tomas@harbour-cranes.example" },
    { name: "Ines Carvalho", email: "ines@crane-service.example", rate: { down: 8_000, up: 2_000 } },
    {
      name: "Jonas Brandt",
      email: "jonas@crane-service.example",
      held: { reason: "Malware was found on his laptop.", minutes: 3 * day },
    },
    { name: "Priya Raman", email: "priya@scales-and-sons.example", keepsTemporaryPassword: true },
    {
      name: "Viktor Halász",
      email: "viktor@harbour-cranes.example",
      leftBecause: "Left the company at the end of the month.",
    },
  ],
  policies: [
    {
      name: "Crane maintenance",
      description: "Log in to controllers and panels, day and night.",
      rules: [tcp(22), tcp(80), ping],
      groups: ["Crane controllers", "Operator screens"],
      accounts: ["Mara Lindqvist", "Tomas Okafor", "Ines Carvalho", "Jonas Brandt", "Viktor Halász"],
    },
    {
      name: "Watch the cameras",
      description: "Pictures only.",
      rules: [tcp(80), tcp(8080)],
      groups: ["Cameras"],
      accounts: ["Mara Lindqvist", "Tomas Okafor"],
    },
    {
      name: "Spring calibration",
      description: "Switched on for the two weeks in March.",
      rules: [tcp(22), tcp(80), udp(5000, 5010)],
      groups: ["Yard instruments"],
      accounts: ["Priya Raman"],
      isEnabled: false,
    },
  ],
  grants: [
    {
      account: "Tomas Okafor",
      groups: ["Yard instruments"],
      rules: [tcp(22)],
      minutes: 60,
      reason: "The weather mast shows no wind, ticket 4698.",
      isEndedEarly: true,
    },
    {
      account: "Mara Lindqvist",
      groups: ["Yard instruments"],
      rules: [tcp(22), tcp(80)],
      minutes: day,
      reason: "The weighbridge reads 40 kg too much, ticket 4711.",
    },
  ],
  refused: [
    { from: "Ines Carvalho", to: "Gate camera north", rule: tcp(80), packets: 12, minutesAgo: 38 },
    { from: "Ines Carvalho", to: "Quay crane 1 PLC", rule: tcp(102), packets: 7, minutesAgo: 41 },
    { from: "Ines Carvalho", to: "Weather mast", rule: ping, packets: 4, minutesAgo: day + 300 },
    { from: "Tomas Okafor", to: "Weather mast", rule: tcp(22), packets: 3, minutesAgo: 95 },
    { from: "Tomas Okafor", to: "10.0.0.99", rule: tcp(3389), packets: 21, minutesAgo: day + 120 },
    { from: "Mara Lindqvist", to: "Spreader camera 7", rule: tcp(554), packets: 6, minutesAgo: 2 * day },
    { from: "Floating crane PLC", to: "10.0.0.1", rule: udp(123), packets: 64, minutesAgo: 26 },
  ],
};

const northwind: TenantSeed = {
  name: "Northwind Farms",
  slug: "northwind-farms",
  plan: "Starter",
  homeRegion: "dub",
  networks: [
    { name: "Fields", cidr: "10.0.0.0/24" },
    { name: "Greenhouses", cidr: "10.20.0.0/24" },
  ],
  members: [
    { name: "Orla Brennan", email: "orla@northwind-farms.example", role: "admin" },
    { name: "Pieter Maas", email: "pieter@northwind-farms.example", role: "manager" },
  ],
  groups: [
    { name: "Irrigation", description: "Valve controllers and pumps." },
    { name: "Weather", description: "Stations and soil probes." },
    { name: "Greenhouse climate", description: "Vents, heating, shade." },
  ],
  devices: [
    { name: "North field valves", address: "10.0.0.11", description: "48 valves, 6 zones.", group: "Irrigation" },
    { name: "South field valves", address: "10.0.0.12", description: "32 valves, 4 zones.", group: "Irrigation" },
    {
      name: "River pump",
      address: "10.0.0.20",
      description: "Frequency converter of the main pump.",
      group: "Irrigation",
    },
    { name: "Reservoir level", address: "10.0.0.21", description: "Ultrasonic.", group: "Irrigation" },
    {
      name: "Hilltop weather station",
      address: "10.0.0.30",
      description: "Wind, rain, leaf wetness.",
      group: "Weather",
    },
    {
      name: "Soil probes gateway",
      address: "10.0.0.31",
      description: "Collects 60 probes by radio.",
      group: "Weather",
    },
    { name: "Greenhouse 1 climate", address: "10.20.0.11", description: "Tomatoes.", group: "Greenhouse climate" },
    { name: "Greenhouse 2 climate", address: "10.20.0.12", description: "Peppers.", group: "Greenhouse climate" },
  ],
  accounts: [
    { name: "Saoirse Kelly", email: "saoirse@northwind-farms.example" },
    { name: "Daan Visser", email: "daan@northwind-farms.example" },
    { name: "Ewan Murray", email: "ewan@pumpworks.example" },
    { name: "Fionn Walsh", email: "fionn@northwind-farms.example", keepsTemporaryPassword: true },
  ],
  policies: [
    {
      name: "Farm technicians",
      description: "Everything that waters, heats and measures.",
      rules: [tcp(22), tcp(80), ping],
      groups: ["Irrigation", "Weather", "Greenhouse climate"],
      accounts: ["Saoirse Kelly", "Daan Visser"],
    },
    {
      name: "Pump service",
      description: "The pump maker's technician sees irrigation, and nothing else.",
      rules: [tcp(80)],
      groups: ["Irrigation"],
      accounts: ["Ewan Murray"],
    },
  ],
  grants: [],
  refused: [
    { from: "Ewan Murray", to: "Greenhouse 1 climate", rule: tcp(80), packets: 5, minutesAgo: 70 },
    { from: "Ewan Murray", to: "River pump", rule: tcp(22), packets: 9, minutesAgo: 72 },
  ],
};

export const tenants: TenantSeed[] = [harbour, northwind];

/** Whose tunnels the demonstration network brings up. */
export const connectedAccount = { slug: harbour.slug, email: "mara@harbour-cranes.example", looksAt: "10.0.0.11" };
export const connectedDevice = { slug: harbour.slug, name: "Floating crane PLC" };
