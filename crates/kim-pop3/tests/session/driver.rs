//! A session with everything that came out of it, for tests that need more than a trace can say.

use std::time::Instant;

use kim_pop3::{Answer, Call, Config, Event, Input, Output, Proxy, Wait};

pub(crate) struct Driver {
    pub(crate) proxy: Proxy,
    pub(crate) now: Instant,
    pub(crate) out: Output,
    pub(crate) wait: Wait,
}

impl Driver {
    /// A session whose client is connected.
    pub(crate) fn start(config: Config) -> Self {
        let now = Instant::now();
        let mut driver =
            Self { proxy: Proxy::new(config, now), now, out: Output::default(), wait: Wait::Closed };
        driver.give(Input::Start);
        driver
    }

    /// A session in PROXY, with nothing left in its output.
    pub(crate) fn logged_in() -> Self {
        let mut driver = Self::start(Config::default());
        driver.client("USER a@x.kim.telematik##M#C#W\r\nPASS p\r\n");
        let answer = driver.login();
        driver.give(Input::Answer(answer));
        driver.server("+OK\r\n-ERR\r\n+OK\r\n+OK\r\n");
        assert_eq!(driver.out.events, [Event::LoggedIn]);
        driver.out = Output::default();
        driver
    }

    pub(crate) fn give(&mut self, input: Input<'_>) {
        self.wait = self.proxy.handle(input, self.now, &mut self.out);
    }

    pub(crate) fn client(&mut self, text: &str) {
        self.give(Input::Client(text.as_bytes()));
    }

    pub(crate) fn server(&mut self, text: &str) {
        self.give(Input::Server(text.as_bytes()));
    }

    /// The answer to an open login: connected.
    pub(crate) fn login(&mut self) -> Answer {
        match self.out.call.take() {
            Some(Call::Login(login)) => login.connected(),
            other => panic!("no login but {other:?}"),
        }
    }

    /// The answer to an open message: deliver.
    pub(crate) fn open(&mut self) -> Answer {
        match self.out.call.take() {
            Some(Call::Open(open)) => open.deliver(),
            other => panic!("no message but {other:?}"),
        }
    }
}
