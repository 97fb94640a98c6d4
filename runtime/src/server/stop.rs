//! When the process is asked to stop: SIGINT and SIGTERM; Ctrl-C on Windows.

/// Listens for the wish to stop from the moment on when it is made, so that none gets lost
/// between start and the first look.
pub(super) struct StopSignal {
    #[cfg(unix)]
    signals: Option<(tokio::signal::unix::Signal, tokio::signal::unix::Signal)>,
}

impl StopSignal {
    /// Listens from now on. Where signals cannot be listened for, they end the process.
    pub(super) fn listen() -> Self {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let interrupt = signal(SignalKind::interrupt());
            let terminate = signal(SignalKind::terminate());
            Self {
                signals: interrupt.ok().zip(terminate.ok()),
            }
        }
        #[cfg(not(unix))]
        Self {}
    }

    /// Resolves when the process is asked to stop.
    pub(super) async fn received(self) {
        #[cfg(unix)]
        if let Some((mut interrupt, mut terminate)) = self.signals {
            tokio::select! {
                _ = interrupt.recv() => return,
                _ = terminate.recv() => return,
            }
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_ok() {
            return;
        }
        std::future::pending::<()>().await;
    }
}
