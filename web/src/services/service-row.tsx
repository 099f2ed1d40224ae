import { useState } from 'react';
import { ServiceLineChangedDocument, type ServiceLineFragment } from '../../generated/operations.js';
import { useLive } from '../client/live-context.js';
import { Link } from '../navigation/link.js';
import { Status } from './status.js';

/** One service of the list, as it is now. */
export function ServiceRow({ service: listed }: { service: ServiceLineFragment }) {
  const [live, setLive] = useState<ServiceLineFragment | null>(null);
  useLive(ServiceLineChangedDocument, { serviceId: listed.id }, ({ serviceChanged }) => setLive(serviceChanged));
  const service = live ?? listed;
  return (
    <tr>
      <th scope="row"><Link to={`/services/${service.id}`}>{service.name}</Link></th>
      <td><Status of={service.status} />{service.statusMessage && <p className="hint">{service.statusMessage}</p>}</td>
      <td>{service.readyReplicas} of {service.replicas}</td>
      <td className="image">{service.image}</td>
      <td>{service.url ? <a href={service.url} target="_blank" rel="noreferrer">{service.url}</a> : '–'}</td>
    </tr>
  );
}
