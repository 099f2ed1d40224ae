import type { ComponentType } from 'react';
import { DatabasesPage } from './databases/databases-page.js';
import { DeliveriesPage } from './deliveries/deliveries-page.js';
import { DeployPage } from './services/deploy-page.js';
import { ServicePage } from './services/service-page.js';
import { ServicesPage } from './services/services-page.js';

interface PageProps {
  /** Of what the page is about, where it is about one thing. */
  id: string;
}

interface PageOfAddress {
  path: string;
  /** In the navigation. */
  title?: string;
  Page: ComponentType<PageProps>;
}

/** The pages behind a sign-in. The server knows these paths too (src/server/dashboard.ts). */
export const PAGES: readonly PageOfAddress[] = [
  { path: '/', title: 'Services', Page: ServicesPage },
  { path: '/deploy', Page: DeployPage },
  { path: '/services/:id', Page: ServicePage },
  { path: '/databases', title: 'Databases', Page: DatabasesPage },
  { path: '/deliveries', title: 'Deliveries', Page: DeliveriesPage },
];

/** The page at an address. */
export function pageAt({ pathname }: URL): (PageOfAddress & PageProps) | null {
  for (const page of PAGES) {
    const [base, parameter] = page.path.split('/:');
    if (parameter === undefined ? pathname === page.path : pathname.startsWith(`${base}/`)) return { ...page, id: parameter === undefined ? '' : pathname.slice(`${base}/`.length) };
  }
  return null;
}
