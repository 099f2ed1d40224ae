import type { MouseEvent, ReactNode } from 'react';
import { goTo } from './location.js';

interface LinkProps {
  to: string;
  children: ReactNode;
  isCurrent?: boolean;
  className?: string;
}

/** A link within the dashboard: a new tab and the like work as anywhere. */
export function Link({ to, children, isCurrent = false, className }: LinkProps) {
  const follow = (event: MouseEvent): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    goTo(to);
  };
  return <a href={to} className={className} aria-current={isCurrent ? 'page' : undefined} onClick={follow}>{children}</a>;
}
