/** PostgreSQL writes an inet host without its /32, but a driver may keep it. */
export const bareAddress = (inet: string) => inet.replace(/\/32$/, "");

/** A network of one address comes back without its prefix. */
export const withPrefix = (inet: string) => (inet.includes("/") ? inet : `${inet}/32`);
