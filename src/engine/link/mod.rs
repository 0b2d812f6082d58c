//! The engine's side of the link to the control plane: asks, reports, results that survive, commands.
