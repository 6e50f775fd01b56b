//! A database in miniature that does as its mood says.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use super::protocol::{Point, parse};

/// What the server does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Takes the lines: 204.
    Take,
    /// Answers this status.
    Fail(u16),
    /// Reads the request and never answers.
    Stall,
    /// Accepts and closes.
    Hang,
}

struct State {
    mood: Mood,
    points: Vec<Point>,
    heads: Vec<String>,
    requests: usize,
}

/// The server; its threads end with the process.
pub struct Server {
    state: Arc<Mutex<State>>,
    address: SocketAddr,
}

impl Server {
    /// Listens on a free port of loopback.
    pub fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let state = Arc::new(Mutex::new(State { mood, points: Vec::new(), heads: Vec::new(), requests: 0 }));
        let its = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let its = Arc::clone(&its);
                std::thread::spawn(move || serve(stream, &its));
            }
        });
        Self { state, address }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn set(&self, mood: Mood) {
        self.lock().mood = mood;
    }

    pub fn points(&self) -> Vec<Point> {
        self.lock().points.clone()
    }

    pub fn heads(&self) -> Vec<String> {
        self.lock().heads.clone()
    }

    pub fn requests(&self) -> usize {
        self.lock().requests
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("whole")
    }
}

fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    while let Some((head, body)) = request(&mut stream) {
        let mood = {
            let mut state = state.lock().expect("whole");
            state.requests += 1;
            if state.mood == Mood::Take {
                let points = body.lines().map(|line| parse(line).expect(line));
                state.points.extend(points);
                state.heads.push(head);
            }
            state.mood
        };
        match mood {
            Mood::Take => reply(&mut stream, "204 No Content", ""),
            Mood::Fail(status) => reply(&mut stream, &format!("{status} No"), "{\"message\":\"no\\u0007\"}"),
            Mood::Stall => std::thread::sleep(Duration::from_secs(5)),
            Mood::Hang => return,
        }
    }
}

/// Reads one request: its head and its body. Nothing when the peer is done.
pub fn request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let length =
        head.lines().find_map(|l| l.to_lowercase().strip_prefix("content-length:").map(|n| n.trim().to_owned()));
    let mut body = vec![0; length.map_or(0, |n| n.parse().expect("a length"))];
    stream.read_exact(&mut body).ok()?;
    Some((head, String::from_utf8(body).ok()?))
}

/// Answers one request.
pub fn reply(stream: &mut TcpStream, status: &str, body: &str) {
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).ok();
}
