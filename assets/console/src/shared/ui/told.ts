import { notifications } from '@mantine/notifications';

/** Says in a corner that something was done, or in red that it was not and why. */
export function told(message: string, color: 'teal' | 'red' = 'teal') {
  notifications.show({ message, color, autoClose: color === 'red' ? 8000 : 3000, withBorder: true, withCloseButton: false });
}
