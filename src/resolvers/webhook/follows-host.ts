/**
 * SQL: whether the service's repository is on the host that an event is of. Without a host of its own it is where the
 * installation's repositories are; a webhook of the service's own, which proves whom it speaks for, may be of any.
 * Parameters of what is returned: the hosts of the installation, as a list with commas.
 */
export const followsHost = (eventHost: string, isOwnWebhook: string): string =>
  `case when service.source->>'host' is not null then service.source->>'host' = lower(${eventHost})
        else ${isOwnWebhook} or ${eventHost} is null or lower(${eventHost}) = any(string_to_array(?, ',')) end`;
