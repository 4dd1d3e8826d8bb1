//! What only a real engine can show: hardening as the engine has it, processes, logs.

use crate::terminals::{ends, enter, prints};
use crate::world::{World, actions_until, eventually};
use bollard::models::NetworkCreateRequest;
use bollard::query_parameters::{
    InspectContainerOptions, RemoveImageOptions, TagImageOptionsBuilder, TopOptions,
};
use domain::confinement::Options;
use domain::plan::ContainerState;
use engine::{ContainerSpec, EngineEvent, TerminalSize};
use futures_util::StreamExt;
use std::time::Duration;

/// The engine without Slipway in between.
async fn raw() -> bollard::Docker {
    let address = std::env::var("SLIPWAY_TEST_ENGINE").unwrap();
    bollard::Docker::connect_with_host(&address).unwrap().negotiate_version().await.unwrap()
}

/// Runs a shell script in a container of its own.
async fn script(world: &World, script: &str) -> ContainerSpec {
    let spec = ContainerSpec {
        network: world.network("net").await.name,
        command: vec!["sh".into(), "-c".into(), script.into()],
        ..world.spec("script")
    };
    world.engine.create_container(&spec).await.unwrap();
    world.engine.start(&spec.name).await.unwrap();
    spec
}

async fn ended(world: &World, spec: &ContainerSpec) {
    eventually("the script ends", || async {
        world.state(spec).await == Some(ContainerState::Exited)
    })
    .await;
}

#[tokio::test]
async fn the_engine_holds_the_container_as_hard_as_intended() {
    let Some(world) = World::real() else { return };
    let spec = world.running("a").await;
    let seen =
        raw().await.inspect_container(&spec.name, None::<InspectContainerOptions>).await.unwrap();
    let config = seen.config.unwrap();
    let host = seen.host_config.unwrap();
    assert_eq!(host.cap_drop.unwrap(), ["ALL"]);
    assert_eq!(host.cap_add.unwrap(), ["CHOWN"]);
    assert!(host.security_opt.unwrap().iter().any(|o| o.starts_with("no-new-privileges")));
    assert_eq!(host.privileged, Some(false));
    assert_eq!(host.pids_limit, Some(spec.pids));
    assert_eq!(host.memory, Some(spec.memory_bytes));
    assert_eq!(host.nano_cpus, Some(500_000_000));
    assert_eq!(host.shm_size, Some(spec.shm_bytes));
    assert_eq!(host.init, Some(true));
    assert_eq!(host.network_mode, Some(spec.network));
    assert!(host.port_bindings.is_none_or(|ports| ports.is_empty()));
    assert_ne!(host.publish_all_ports, Some(true));
    assert!(host.binds.is_none_or(|binds| binds.is_empty()));
    assert!(host.devices.is_none_or(|devices| devices.is_empty()));
    assert_eq!(host.restart_policy.unwrap().name.unwrap().to_string(), "no");
    assert_eq!(host.log_config.unwrap().config.unwrap()["max-size"], "10m");
    assert_eq!(config.hostname.unwrap(), "desk");
    let labels = config.labels.unwrap();
    assert_eq!(labels[engine::LABEL_INSTALLATION], world.installation);
    assert_eq!(labels[engine::LABEL_SESSION], spec.session);
    assert_eq!(labels[engine::LABEL_GENERATION], "7");
}

#[tokio::test]
async fn a_network_without_a_way_out_is_reached_from_the_host() {
    let Some(world) = World::real() else { return };
    let network = world.network("internal-net").await;
    let seen = raw().await.inspect_network(&network.name, None).await.unwrap();
    assert_eq!(seen.internal, Some(true));
    let spec = ContainerSpec { network: network.name, ..world.spec("a") };
    world.engine.create_container(&spec).await.unwrap();
    world.engine.start(&spec.name).await.unwrap();
    let address = world.container(&spec).await.unwrap().address.unwrap();
    // Nobody listens there, which only somebody who is reached can say.
    let answer = tokio::net::TcpStream::connect((address, 4711));
    let answer = tokio::time::timeout(Duration::from_secs(10), answer).await.unwrap();
    assert_eq!(answer.unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn the_engine_has_the_options_as_they_were_said() {
    let Some(world) = World::real() else { return };
    let options = Options {
        hostname: Some("own".into()),
        hosts: vec!["db:10.0.0.5".into()],
        sysctls: vec![("net.core.somaxconn".into(), "77".into())],
        ulimits: vec!["nofile=500:600".parse().unwrap()],
        tmpfs: vec!["/scratch:size=1m".parse().unwrap()],
        read_only: true,
        user: Some("4711:42".into()),
        working_dir: Some("/tmp".into()),
        ..Options::default()
    };
    let report = "hostname; grep -o '10.0.0.5.*db' /etc/hosts | tr '\\t' ' '; \
        cat /proc/sys/net/core/somaxconn; ulimit -n; id -u; id -g; pwd; \
        touch /x 2>/dev/null || echo refused; : > /scratch/x && echo written";
    let spec = ContainerSpec {
        network: world.network("net").await.name,
        command: vec!["sh".into(), "-c".into(), report.into()],
        options,
        ..world.spec("script")
    };
    world.engine.create_container(&spec).await.unwrap();
    world.engine.start(&spec.name).await.unwrap();
    ended(&world, &spec).await;
    let log = world.engine.log_tail(&spec.name, 20).await.unwrap();
    let expected = ["own", "10.0.0.5 db", "77", "500", "4711", "42", "/tmp", "refused", "written"];
    assert_eq!(log, expected);
}

#[tokio::test]
async fn images_that_come_and_go_are_told() {
    let Some(world) = World::real() else { return };
    let mut events = world.engine.events(&world.installation).await.unwrap();
    let raw = raw().await;
    let repository = format!("slipway-{}", world.installation);
    let options = TagImageOptionsBuilder::new().repo(&repository).tag("1").build();
    raw.tag_image(&world.image, Some(options)).await.unwrap();
    let none = (None::<RemoveImageOptions>, None);
    raw.remove_image(&format!("{repository}:1"), none.0, none.1).await.unwrap();
    for _ in 0..2 {
        let told = tokio::time::timeout(Duration::from_secs(10), events.next()).await;
        assert_eq!(told.unwrap().unwrap().unwrap(), EngineEvent::Images);
    }
}

#[tokio::test]
async fn the_process_itself_has_no_privileges() {
    let Some(world) = World::real() else { return };
    let report = "grep -E 'CapBnd|NoNewPrivs' /proc/self/status; ulimit -n; echo $GREETING";
    let spec = script(&world, report).await;
    ended(&world, &spec).await;
    let log = world.engine.log_tail(&spec.name, 9).await.unwrap();
    // Bit 0 is CHOWN, the only one given back.
    assert_eq!(log, ["CapBnd:\t0000000000000001", "NoNewPrivs:\t1", "16384", "hello=world"]);
}

#[tokio::test]
async fn both_streams_are_in_the_log_and_its_end_can_be_had() {
    let Some(world) = World::real() else { return };
    let spec = script(&world, "echo one; echo two >&2; sleep 0.2; printf three; exit 3").await;
    ended(&world, &spec).await;
    let mut log = world.engine.log_tail(&spec.name, 9).await.unwrap();
    assert_eq!(log.pop().as_deref(), Some("three"));
    log.sort_unstable();
    assert_eq!(log, ["one", "two"]);
    assert_eq!(world.engine.log_tail(&spec.name, 1).await.unwrap(), ["three"]);
    assert!(world.engine.log_tail(&spec.name, 0).await.unwrap().is_empty());

    assert_eq!(world.container(&spec).await.unwrap().observed.exit_code, Some(3));
    let listed = world.engine.containers(&world.installation).await.unwrap();
    assert_eq!(listed[0].observed.exit_code, Some(3));
}

#[tokio::test]
async fn running_out_of_memory_is_seen_and_told() {
    let Some(world) = World::real() else { return };
    let mut events = world.engine.events(&world.installation).await.unwrap();
    // Fills a variable beyond the limit of 64 MiB; the shell is the one to be killed.
    let spec = script(&world, "x=$(head -c 100000000 /dev/zero | tr '\\0' x); echo ${#x}").await;
    ended(&world, &spec).await;
    let observed = world.container(&spec).await.unwrap().observed;
    assert!(observed.out_of_memory, "{observed:?}");
    let actions = actions_until(&mut events, &spec.session, "die").await;
    assert!(actions.contains(&"oom".to_owned()), "{actions:?}");
}

#[tokio::test]
async fn a_command_that_does_not_exist_is_refused_with_the_engines_words() {
    let Some(world) = World::real() else { return };
    let spec = ContainerSpec {
        network: world.network("net").await.name,
        command: vec!["/no/such/program".into()],
        ..world.spec("a")
    };
    world.engine.create_container(&spec).await.unwrap();
    // With an init process in front, it is that which finds out, after the start.
    if let Err(refusal) = world.engine.start(&spec.name).await {
        assert_eq!(refusal.kind, domain::ErrorKind::Conflict);
        assert!(refusal.detail.unwrap().contains("/no/such/program"));
    } else {
        ended(&world, &spec).await;
        assert_ne!(world.container(&spec).await.unwrap().observed.exit_code, Some(0));
    }
}

#[tokio::test]
async fn removing_twice_at_once_is_fine() {
    let Some(world) = World::real() else { return };
    let spec = world.running("a").await;
    let (one, two) = tokio::join!(
        world.engine.remove_container(&spec.name),
        world.engine.remove_container(&spec.name)
    );
    one.unwrap();
    two.unwrap();
    assert_eq!(world.container(&spec).await, None);
}

#[tokio::test]
async fn several_networks_of_one_name_go_together() {
    let Some(world) = World::real() else { return };
    let spec = world.network("net").await;
    let labels = [(engine::LABEL_INSTALLATION.to_owned(), world.installation.clone())];
    let twin = NetworkCreateRequest {
        name: spec.name.clone(),
        labels: Some(labels.into()),
        ..NetworkCreateRequest::default()
    };
    // Engines since Docker 25 refuse this.
    if raw().await.create_network(twin).await.is_ok() {
        assert_eq!(world.engine.networks(&world.installation).await.unwrap().len(), 1);
        world.engine.remove_network(&spec.name).await.unwrap();
        assert_eq!(world.engine.networks(&world.installation).await.unwrap(), []);
    }
}

const SIZE: TerminalSize = TerminalSize { columns: 80, rows: 24 };

/// What runs in a container, but for the process it was made for and its init process.
async fn guests(spec: &ContainerSpec) -> Vec<String> {
    let top = raw().await.top_processes(&spec.name, None::<TopOptions>).await.unwrap();
    let commands = top.processes.unwrap().into_iter().filter_map(|mut line| line.pop());
    commands.filter(|command| !command.ends_with("sleep 600")).collect()
}

#[tokio::test]
async fn a_shell_that_is_ended_leaves_nothing_behind() {
    let Some(world) = World::real() else { return };
    let spec = world.running("a").await;
    assert!(guests(&spec).await.is_empty());
    let mut terminal = world.engine.open_terminal(&spec.name, SIZE).await.unwrap();
    enter(&mut terminal, "sleep 4711 &").await;
    enter(&mut terminal, "(trap '' HUP TERM; exec sleep 4712) &").await;
    enter(&mut terminal, "echo s''tarted; sleep 4713").await;
    prints(&mut terminal, "started").await;
    eventually("all of it runs", || async { guests(&spec).await.len() == 4 }).await;
    // The connection ends; what runs does not.
    let shell = terminal.shell.clone();
    drop(terminal);
    assert_eq!(guests(&spec).await.len(), 4);
    world.engine.end_terminal(&shell).await.unwrap();
    assert_eq!(guests(&spec).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_terminal_carries_every_byte() {
    let Some(world) = World::real() else { return };
    let spec = world.running("a").await;
    let mut terminal = world.engine.open_terminal(&spec.name, SIZE).await.unwrap();
    // The smallest bytes look like the engine's own framing, with a length of four gigabytes.
    enter(&mut terminal, "printf '\\001\\000\\000\\000\\377\\377\\377\\377'; echo beh''ind").await;
    prints(&mut terminal, "behind").await;
    enter(&mut terminal, "head -c 300000 /dev/zero; echo beh''ind").await;
    let seen = prints(&mut terminal, "behind").await;
    assert!(seen.matches('\0').count() >= 300_000);
    enter(&mut terminal, "exit").await;
    ends(&mut terminal).await;
}

#[tokio::test]
async fn a_container_without_a_shell_says_so() {
    let Some(world) = World::real() else { return };
    let spec = script(&world, "rm /bin/sh /bin/dash; echo gone; exec sleep 600").await;
    eventually("the shell is gone", || async {
        world.engine.log_tail(&spec.name, 1).await.unwrap() == ["gone"]
    })
    .await;
    let refusal = world.engine.open_terminal(&spec.name, SIZE).await.unwrap_err();
    assert_eq!(refusal.kind, domain::ErrorKind::Conflict, "{refusal:?}");
    assert!(refusal.message.contains("no shell"), "{refusal:?}");
    assert!(refusal.detail.unwrap().contains("/bin/sh"));
}

#[tokio::test]
async fn files_belong_to_the_images_user_and_nobody_else_reads_them() {
    let Some(world) = World::real() else { return };
    for (user, owner) in [("nobody", "65534:65534"), ("4711", "4711:0"), ("4711:users", "4711:100")]
    {
        let base = world.running("base").await;
        let repository = format!("{}-files", world.installation);
        let commit = engine::CommitSpec {
            container: base.name.clone(),
            repository: repository.clone(),
            tag: "1".into(),
            message: String::new(),
            author: String::new(),
            pause: false,
            changes: vec![format!("USER {user}")],
        };
        let image = world.engine.commit(&commit).await.unwrap();
        world.engine.remove_container(&base.name).await.unwrap();
        let spec = ContainerSpec {
            network: base.network.clone(),
            image: image.clone(),
            ..world.spec("files")
        };
        world.engine.create_container(&spec).await.unwrap();
        let file = |path: &str| engine::NewFile { path: path.into(), content: "x".into() };
        let files = [file("/opt/given/token"), file("/var/run/token")];
        world.engine.put_files(&spec.name, &files).await.unwrap();
        let folder = world.engine.put_files(&spec.name, &[file("/opt/given")]).await;
        assert!(folder.is_err(), "a folder was replaced");
        world.engine.start(&spec.name).await.unwrap();
        let look =
            "stat -c '%a %u:%g' /opt/given/token /run/token /opt/given; stat -c %u /opt /run";
        let seen = crate::giving::said(&world, &spec.name, look).await.output;
        let expected = format!("600 {owner}\n600 {owner}\n755 {owner}\n0\n0\n");
        assert_eq!(seen, expected, "user {user}");
        world.engine.remove_container(&spec.name).await.unwrap();
        world.engine.remove_image(&format!("{repository}:1")).await.unwrap();
        world.engine.remove_network(&base.network).await.unwrap();
    }
}

#[tokio::test]
async fn what_a_command_leaves_in_the_background_goes_on() {
    let Some(world) = World::real() else { return };
    let spec = world.running("a").await;
    let began = std::time::Instant::now();
    let ran = crate::giving::said(&world, &spec.name, "sleep 4714 & echo done").await;
    assert_eq!((ran.exit_code, ran.output.as_str()), (Some(0), "done\n"));
    assert!(began.elapsed() < std::time::Duration::from_secs(10), "waited for it");
    assert_eq!(guests(&spec).await, ["sleep 4714"]);
}
