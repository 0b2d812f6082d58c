import { notifications } from '@mantine/notifications';

/** Says in a corner that something was done. */
export function told(message: string) {
  notifications.show({ message, color: 'teal', autoClose: 3000, withBorder: true, withCloseButton: false });
}
