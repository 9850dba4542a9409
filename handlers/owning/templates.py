"""The messages about owners' accounts; a code stands in its own message and nowhere else."""

from handlers.shared.messages import Template

_TEXTS = (
    (
        "owner_code_register", "注册验证码", "Your registration code",
        "注册验证码 {code}，5 分钟内有效。物业人员不会向您索要，请勿告诉任何人。",
        "Registration code {code}, valid for 5 minutes. The staff never ask for it; tell it to nobody.",
    ),
    (
        "owner_code_reset", "重设密码验证码", "Your code for a new password",
        "重设密码验证码 {code}，5 分钟内有效。如非本人操作，请勿告诉任何人，并联系物业前台。",
        "Code for a new password {code}, valid for 5 minutes. If you did not ask for it, tell it to nobody "
        "and call the desk.",
    ),
    (
        "owner_code_phone_old", "更换手机号验证码", "Your code for a change of number",
        "您正在更换登记的手机号，旧号验证码 {code}，5 分钟内有效。如非本人操作，请勿告诉任何人，"
        "并马上联系物业前台。",
        "Your number on record is being changed. Code of the old number {code}, valid for 5 minutes. If you "
        "did not ask for this, tell it to nobody and call the desk at once.",
    ),
    (
        "owner_code_phone_new", "新手机号验证码", "Your code for the new number",
        "此号码将登记为业主手机号，新号验证码 {code}，5 分钟内有效。如与您无关，请不要理会。",
        "This number is to be put on record. Code of the new number {code}, valid for 5 minutes. If this "
        "does not concern you, ignore it.",
    ),
    (
        "owner_has_account", "您已有账号", "You have an account already",
        "您已有账号，无需再注册。忘记密码请在登录页点“忘记密码”。如非本人操作，请联系物业前台。",
        "You have an account already. If you forgot the password, choose “Forgot password” on the sign-in "
        "page. If this was not you, call the desk.",
    ),
    (
        "owner_password_reset", "密码已重设", "Your password was reset",
        "您的账号密码已重设，其他设备上的登录已退出。如非本人操作，请马上联系物业前台。",
        "Your password was reset and every other device was signed out. If this was not you, call the desk "
        "at once.",
    ),
    (
        "help_code", "一次性验证码", "Your one-time code",
        "一次性验证码 {code}，15 分钟内有效。请在登录页“忘记密码”里自己设密码，勿告诉任何人。",
        "One-time code {code}, valid for 15 minutes. Set your password yourself under “Forgot password”; "
        "tell it to nobody, not even the staff.",
    ),
    (
        "help_old_phone", "前台正在协助您重设密码", "The desk helps you to reset the password",
        "有人以您的名义在物业前台申请重设密码，验证码已发到新手机。如非本人，请马上联系物业前台。",
        "Somebody asked the desk in your name to reset your password; a code went to a new phone. If this "
        "was not you, call the desk at once.",
    ),
    (
        "help_co_owner", "共有人申请重设密码", "A co-owner resets the password",
        "您房屋的共有人在物业前台申请用新手机重设密码。如有疑问，请马上联系物业前台。",
        "A co-owner of your home asked the desk to reset the password with a new phone. If in doubt, call "
        "the desk at once.",
    ),
    (
        "owner_data_yearly", "请核对您的资料", "Please check your data",
        "您登记的资料已一年没有核对。请登录看“我的资料 - 家人和车辆”，没有变化就点“以上资料仍然正确”。",
        "Your data have not been checked for a year. Please sign in, look under “My data - Family and "
        "vehicles”, and press “All of this is still right” if nothing has changed.",
    ),
)  # fmt: skip

TEMPLATES = tuple(
    Template(
        code=code,
        subject=subject,
        subject_en=subject_en,
        text=f"【物业云】{text}",
        text_en=f"[Wuye Flow] {text_en}",
    )
    for code, subject, subject_en, text, text_en in _TEXTS
)
