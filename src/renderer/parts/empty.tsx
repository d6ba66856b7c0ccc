import type { ReactNode } from 'react';
import { Icon, type IconName } from './icon.tsx';

/** One sentence that says what will appear here, and one thing to do. */
export function Empty({
  icon,
  title,
  children,
  action,
}: {
  icon: IconName;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="empty">
      <span className="mark tone-idle">
        <Icon name={icon} />
      </span>
      <h2 className="title">{title}</h2>
      {children !== undefined && <p className="soft">{children}</p>}
      {action}
    </div>
  );
}
