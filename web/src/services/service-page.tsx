import { useState } from 'react';
import { useQuery } from 'urql';
import { ServiceChangedDocument, ServiceDocument, type ServiceDetailFragment } from '../../generated/operations.js';
import { useLive } from '../client/live-context.js';
import { refusalOf } from '../client/refusal.js';
import { Ago } from '../controls/ago.js';
import { Refused } from '../controls/refused.js';
import { useTitle } from '../controls/use-title.js';
import { Deployments } from '../deployments/deployments.js';
import { Logs } from '../logs/logs.js';
import { Link } from '../navigation/link.js';
import { ServiceActions } from './service-actions.js';
import { Status } from './status.js';

/** One service: how it is, what can be done with it, what it has run and what it says. */
export function ServicePage({ id }: { id: string }) {
  const [{ data, error }] = useQuery({ query: ServiceDocument, variables: { id }, requestPolicy: 'cache-and-network' });
  const [live, setLive] = useState<ServiceDetailFragment | null>(null);
  const gone = useLive(ServiceChangedDocument, data ? { serviceId: id } : null, ({ serviceChanged }) => setLive(serviceChanged));
  const service = live ?? data?.service;
  useTitle(service?.name ?? 'Service');

  if (!service) return <>{error ? <Refused refusal={refusalOf(error)} /> : <p role="status">Loading …</p>}</>;
  return (
    <>
      <p className="crumbs"><Link to="/">Services</Link> / {service.environment.name}</p>
      <div className="heading">
        <h1>{service.name}</h1>
        <span role="status"><Status of={service.status} /></span>
      </div>
      {gone && <p role="alert" className="notice bad">{gone} <Link to="/">To the services</Link></p>}
      {service.statusMessage && <p className="notice">{service.statusMessage}</p>}
      <dl className="facts">
        <Fact name="Image"><span className="image">{service.image}</span></Fact>
        <Fact name="Replicas">{service.readyReplicas} of {service.replicas} ready</Fact>
        <Fact name="Address">{service.url ? <a href={service.url} target="_blank" rel="noreferrer">{service.url}</a> : service.containerPort === null ? 'none: a worker' : 'not public'}</Fact>
        {service.source && <Fact name="Follows">{service.source.repository}, {service.source.branch}</Fact>}
        <Fact name="Made"><Ago at={service.createdAt} /></Fact>
      </dl>
      <ServiceActions service={service} />
      <Logs serviceId={service.id} name={service.name} />
      <Deployments service={service} />
    </>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return <div><dt>{name}</dt><dd>{children}</dd></div>;
}
