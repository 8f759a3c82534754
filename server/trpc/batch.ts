/** How many calls one request may hold: the link in the browser sends no more, and the server reads no more. */
export const maxBatchSize = 20;
