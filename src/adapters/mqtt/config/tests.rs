use std::os::unix::fs::PermissionsExt;

use super::*;

fn faults(config: &MqttConfig) -> String {
    config.check().expect_err("a fault").to_string()
}

#[test]
fn a_url_names_host_port_and_tls() {
    let endpoint = |url| Endpoint::parse(url).map(|e| (e.host, e.port, e.tls));
    assert_eq!(endpoint("mqtt://broker"), Ok(("broker".to_owned(), 1883, false)));
    assert_eq!(endpoint("mqtts://10.1.2.3"), Ok(("10.1.2.3".to_owned(), 8883, true)));
    assert_eq!(endpoint("mqtt://[::1]:2000"), Ok(("::1".to_owned(), 2000, false)));
    assert_eq!(endpoint("mqtt://[::1]"), Ok(("::1".to_owned(), 1883, false)));
    for bad in [
        "broker:1883",
        "http://b",
        "mqtt://",
        "mqtt://b:0",
        "mqtt://b:65536",
        "mqtt://b:1/x",
        "mqtt://:1",
        "mqtt://b:",
        "mqtt://::1:1883",
        "mqtt://[::1",
        "mqtt://[broker]",
    ] {
        assert!(endpoint(bad).is_err(), "{bad}");
    }
    let said = endpoint("mqtt://ops:hunter2@b").expect_err("refused");
    assert!(!said.contains("hunter2"), "a secret in a message: {said}");
}

#[test]
fn overrides_and_announcements_need_a_user_a_password_an_access_list_and_a_safe_way() {
    for announces in [false, true] {
        let mut config = MqttConfig::to("mqtt://10.0.0.1");
        (config.overrides, config.announcements) = (!announces, announces);
        let said = faults(&config);
        let key = if announces { "announcements" } else { "overrides" };
        for needed in ["user and password_file", "broker_acl", "mqtts://"] {
            assert!(said.contains(&format!("{key} = true needs {needed}")), "{said}");
        }
        config.user = Some("wattloop".to_owned());
        config.password_file = Some("/run/credentials/p".into());
        config.broker_acl = true;
        assert!(faults(&config).contains("mqtts://"));
        config.url = "mqtt://127.0.0.1".to_owned();
        assert_eq!(config.check(), Ok(()));
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let mut config = MqttConfig::to("mqtts://b");
    config.client_id = "a b".to_owned();
    config.user = Some("u".to_owned());
    config.keep_alive = Span::from_millis(1500);
    assert_eq!(config.check().expect_err("faults").0.len(), 4);
}

#[test]
fn unknown_keys_and_bare_numbers_of_seconds_are_refused() {
    assert!(toml::from_str::<MqttConfig>("url = 'mqtt://b'\npassword = 'x'").is_err());
    assert!(toml::from_str::<MqttConfig>("url = 'mqtt://b'\nkeep_alive = 15").is_err());
    let read: MqttConfig = toml::from_str("url = 'mqtt://b'\nkeep_alive = '30s'").expect("reads");
    assert_eq!(read.keep_alive, Span::from_secs(30));
    assert_eq!(toml::from_str::<MqttConfig>(&toml::to_string(&read).expect("writes")).expect("reads"), read);
}

#[test]
fn a_password_file_that_everybody_may_read_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("password");
    std::fs::write(&file, "canary-secret\n").expect("writes");
    let mut config = MqttConfig::to("mqtt://127.0.0.1");
    config.user = Some("u".to_owned());
    config.password_file = Some(file.clone());
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("chmod");
    let said = config.options().expect_err("refused").to_string();
    assert!(said.contains("everybody") && !said.contains("canary"), "{said}");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("chmod");
    let options = config.options().expect("accepted");
    assert_eq!(options.credentials().expect("a login").password, "canary-secret");
    assert!(!format!("{config:?}").contains("canary"));
}

#[test]
fn a_certificate_file_without_a_certificate_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("ca.pem");
    std::fs::write(&file, "no certificate at all").expect("writes");
    let mut config = MqttConfig::to("mqtts://localhost");
    config.ca_file = Some(file);
    assert!(config.options().expect_err("refused").to_string().contains("holds no certificate"));
}
